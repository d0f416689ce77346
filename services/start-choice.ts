import type { JourneyDefinition, Match } from '../journeys/definition.ts';

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
