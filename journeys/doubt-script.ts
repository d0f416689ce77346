// Own events have any name, so a slip of the hand in one of ours is an event that nobody waits for.
import type { JourneyDefinition } from './definition.ts';
import { didYouMean } from './did-you-mean.ts';
import type { ScriptEvent } from './script.ts';
import { happenings } from './world-events.ts';

/** A row of a script that probably means something else than it says. */
export type ScriptDoubt = { readonly row: number; readonly message: string };

/**
 * Events of one's own that are spelled nearly like something that can happen, unless the journey knows them under that
 * name. Whoever means it writes `do: event` with a `name`.
 */
export function doubtScript(script: readonly ScriptEvent[], definition: JourneyDefinition): ScriptDoubt[] {
  const known = happenings();
  const named = wordsIn(definition);
  return script.flatMap(({ do: what }, index) => {
    if (known.includes(what) || named.has(what) || named.has(`event:${what}`)) return [];
    const meant = didYouMean(what, known);
    if (meant === null) return [];
    const message = `"${what}" is taken as an event of your own. Did you mean "${meant}"? If not, write { do: event, name: ${what} }.`;
    return [{ row: index + 1, message }];
  });
}

/** Every text in the definition: an event is named in matches, anchors and waits. */
function wordsIn(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value === 'string') found.add(value);
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) wordsIn(inner, found);
  return found;
}
