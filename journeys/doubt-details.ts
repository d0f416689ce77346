// Details of events which those events do not have.
import { didYouMean } from './did-you-mean.ts';
import type { Examined } from './examined.ts';
import type { Problem } from './problem.ts';

/** The details that can be compared, per event. An event of the supplier's own has whatever it carries. */
const DETAILS: Readonly<Record<string, readonly string[]>> = {
  'client.status': ['status', 'from'],
  'wedding_date.set': [],
  'payment.scheduled': ['kind', 'payment'],
  'payment.due': ['kind', 'payment'],
  'payment.succeeded': ['kind', 'payment'],
  'payment.failed': ['kind', 'payment', 'code'],
  'invoice.overdue': ['kind', 'payment'],
  'form.submitted': ['form'],
  'core_field.changed': ['field', 'value'],
  reply: ['message', 'channel', 'from'],
};

/** Warnings over starts, stops and waits. */
export function unknownDetails({ definition, steps, byKey }: Examined): Problem[] {
  const events: [string, string, Record<string, unknown> | undefined][] = [];
  const { starts, stops = [] } = definition;
  if (typeof starts.on === 'string') events.push(['starts.match', starts.on, starts.match]);
  else {
    for (const [index, choice] of starts.on.entries()) {
      if (typeof choice === 'object') events.push([`starts.on[${index}].match`, choice.on, choice.match]);
    }
  }
  for (const [index, stop] of stops.entries()) events.push([`stops[${index}].match`, stop.on, stop.match]);
  for (const { step, path } of steps)
    if (step.type === 'wait_for') events.push([`${path}.match`, step.event, step.match]);
  return events.flatMap(([path, event, match]) =>
    Object.entries(match ?? {}).flatMap(([detail, value]) => {
      const known = DETAILS[event];
      if (known && !known.includes(detail)) {
        const meant = didYouMean(detail, known);
        const hint = meant ? `Did you mean "${meant}"?` : `Known are: ${known.join(', ') || 'none'}.`;
        return [
          {
            code: 'unknown_detail',
            path: `${path}.${detail}`,
            message: `"${event}" has no detail "${detail}". ${hint}`,
          },
        ];
      }
      if (event !== 'reply' || detail !== 'message' || path.startsWith('starts') || byKey.has(String(value))) return [];
      return [
        { code: 'unknown_step', path: `${path}.message`, message: `There is no step with the key "${String(value)}".` },
      ];
    }),
  );
}
