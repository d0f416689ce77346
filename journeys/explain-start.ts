import { firstField, type Answer } from './conditions.ts';
import type { JourneyDefinition } from './definition.ts';
import { eventInWords, failedConditionInWords, list } from './field-in-words.ts';

/**
 * When a journey begins, and why it does not for one couple: "Begins with the booking, but its condition on the couple's
 * tags does not hold."
 *
 * @param answer what its `onlyIf` says about the couple; null where it has none
 */
export function explainStart({ starts }: JourneyDefinition, answer: Answer | null): string {
  const choices = Array.isArray(starts.on) ? starts.on : [starts.on];
  const events = choices.map((choice) =>
    typeof choice === 'string'
      ? startInWords(choice, starts.match)
      : startInWords(choice.on, choice.match ?? starts.match),
  );
  const begins = `Begins with ${list([...new Set(events)], 'or')}`;
  if (starts.onlyIf === undefined || answer === null || answer.holds) return `${begins}.`;
  // It stands before every step, so that there is none to be named.
  return `${begins}, but ${failedConditionInWords(firstField(starts.onlyIf), answer.missing, (key) => key)}.`;
}

function startInWords(event: string, match: JourneyDefinition['starts']['match']): string {
  if (event === 'manual' || event === 'api') return 'somebody who puts the couple on it';
  const name = match?.['name'];
  return eventInWords(event === 'event' && typeof name === 'string' ? name : event);
}
