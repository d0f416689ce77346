// What an event ends: the whole execution, or some of its stages.
import type { JourneyDefinition, Match } from './definition.ts';

/** An event by its word in `starts` and `stops`; a custom one is `event`, with its name among the details. */
export type DomainEvent = { readonly on: string; readonly details: Readonly<Record<string, unknown>> };

export type Ended =
  | { readonly kind: 'execution'; readonly reason: string }
  | { readonly kind: 'stages'; readonly stages: readonly string[] };

/** Null where the event ends nothing. What ends the execution comes before what ends stages. */
export function endedBy(definition: Pick<JourneyDefinition, 'stops'>, event: DomainEvent): Ended | null {
  const hits = (definition.stops ?? []).filter((stop) => stop.on === event.on && matches(stop.match, event.details));
  if (hits.length === 0) return null;
  if (hits.some((stop) => stop.stages === undefined)) return { kind: 'execution', reason: event.on };
  return { kind: 'stages', stages: [...new Set(hits.flatMap((stop) => stop.stages ?? []))] };
}

function matches(match: Match | undefined, details: DomainEvent['details']): boolean {
  return Object.entries(match ?? {}).every(([key, value]) => Object.hasOwn(details, key) && details[key] === value);
}
