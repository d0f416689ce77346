import type { NextAction } from '../activities/next-action.ts';

/** One line for the "current details" of Temporal's page: what happens next, and when. */
export function describeAction(action: NextAction): string {
  if (action.kind === 'finished') return `The journey is ${action.status}.`;
  if (action.kind === 'run') return `Now: ${action.summary}`;
  return `${action.visible?.blocked === true ? '**Needs a person.** ' : ''}Next: ${action.summary}`;
}
