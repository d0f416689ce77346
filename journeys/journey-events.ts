// What happened from outside since the execution began. Events count from its start, the triggering one included.
import type { Instant } from './calendar.ts';
import type { Match } from './definition.ts';
import type { Facts } from './facts.ts';

export type JourneyEvent = { readonly name: string; readonly at: Instant; readonly data: Record<string, unknown> };

/** In the order in which they happened. */
export function eventsOf(facts: Facts): readonly JourneyEvent[] {
  const { startedAt, trigger } = facts.execution;
  const start = Date.parse(startedAt);
  const events = facts.events.map((event) => ({ name: event.name, at: Date.parse(event.at), data: event.data ?? {} }));
  if (!trigger) return events.filter((event) => event.at >= start).sort((a, b) => a.at - b.at);
  const { event, at, ref, ...details } = trigger;
  const triggering = { name: event, at: at === undefined ? start : Date.parse(at), data: { ...details, ref } };
  const isTriggering = (one: JourneyEvent): boolean => one.name === triggering.name && one.at === triggering.at;
  const counted = events.filter((one) => one.at >= start || isTriggering(one));
  return (counted.some(isTriggering) ? counted : [triggering, ...counted]).sort((a, b) => a.at - b.at);
}

/** The event that set the execution off, with the details that were recorded of it. */
export function triggeringEvent(facts: Facts, events: readonly JourneyEvent[]): JourneyEvent | undefined {
  const { trigger, startedAt } = facts.execution;
  if (!trigger) return undefined;
  const at = Date.parse(trigger.at ?? startedAt);
  return events.find((event) => event.name === trigger.event && event.at === at);
}

/** The first event of that name whose details are all as asked. */
export function firstEvent(
  events: readonly JourneyEvent[],
  name: string,
  match: Match | undefined,
): JourneyEvent | undefined {
  return events.find((event) => event.name === name && matches(event, match));
}

function matches(event: JourneyEvent, match: Match | undefined): boolean {
  return Object.entries(match ?? {}).every(
    ([key, value]) => Object.hasOwn(event.data, key) && event.data[key] === value,
  );
}
