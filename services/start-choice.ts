import type { LoadedExecution } from '../db/load-execution.ts';
import { evaluate, type Answer } from '../journeys/conditions.ts';
import type { JourneyDefinition, Match } from '../journeys/definition.ts';
import { fieldReader } from '../journeys/fields.ts';
import { startPlanning } from '../journeys/planning.ts';

/** Whether every detail that `match` names is equal among `details`. */
function matchesDetails(details: Readonly<Record<string, unknown>>, match: Match | undefined): boolean {
  return Object.entries(match ?? {}).every(([key, value]) => Object.hasOwn(details, key) && details[key] === value);
}

/** Whether a journey starts on this event with these details. Its `onlyIf` is another question. */
export function startsOn(
  { starts }: JourneyDefinition,
  event: string,
  details: Readonly<Record<string, unknown>>,
): boolean {
  const choices = Array.isArray(starts.on) ? starts.on : [starts.on];
  return choices.some((choice) => {
    const on = typeof choice === 'string' ? choice : choice.on;
    const match = typeof choice === 'string' ? starts.match : (choice.match ?? starts.match);
    return on === event && matchesDetails(details, match);
  });
}

/** What a journey's `onlyIf` says about a couple at an instant (ISO); null where it has none. */
export function askStart(
  definition: JourneyDefinition,
  { facts, ledger }: Pick<LoadedExecution, 'facts' | 'ledger'>,
  at: string,
): Answer | null {
  const { onlyIf } = definition.starts;
  return onlyIf === undefined ? null : evaluate(onlyIf, fieldReader(startPlanning(definition, facts, ledger, at)));
}
