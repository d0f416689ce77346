// What several messages to one couple decide among themselves: catching up goes one a local day, and no day gets more
// than the cap.
import type { Instant, Zone } from './calendar.ts';
import { formatInstant } from './calendar.ts';
import { parseDay, parseTime } from './civil.ts';
import { whenOpen } from './due.ts';
import type { Draft, Planning, Verdict } from './planning.ts';
import { isCapped, isToCouple } from './recipients.ts';

/** A message that is ready to be given its place. */
type Sender = { readonly draft: Draft; readonly going: Extract<Verdict, { kind: 'go' }> };

const DAY_MS = 86_400_000;

/**
 * Gives each message that goes its day. Catching up never floods: one a local day, earliest due first, the first now or
 * the day after the welcome, the next at the organization's default time on the following days. Over the cap a message
 * moves to the next day at the same wall time; a late one counts for the day it goes.
 *
 * @param goers the steps that go, in list order
 */
export function orderSends(planning: Planning, goers: readonly Draft[]): void {
  const senders = goers.flatMap((draft) => (draft.verdict.kind === 'go' ? [{ draft, going: draft.verdict }] : []));
  for (const { draft, going } of senders.filter((one) => !isCapped(one.draft.placed.step))) {
    place(planning, draft, going, going.runAt);
  }
  const capped = senders.filter((one) => isCapped(one.draft.placed.step));
  const [late, timely] = [capped.filter(isLate), capped.filter((one) => !isLate(one))];
  late.sort((a, b) => (a.draft.due?.at ?? 0) - (b.draft.due?.at ?? 0));
  timely.sort((a, b) => timeOf(planning, a) - timeOf(planning, b) || a.going.runAt - b.going.runAt);

  const days = countSent(planning);
  let caughtUp = lastBeforeCatchingUp(planning, senders);
  for (;;) {
    const nextLate = late[0];
    const nextTimely = timely[0];
    const lateAt = nextLate ? catchUpAt(planning, nextLate, caughtUp) : Infinity;
    if (nextLate && (!nextTimely || lateAt < timeOf(planning, nextTimely))) {
      late.shift();
      caughtUp = send(planning, nextLate, lateAt, days) ?? caughtUp;
    } else if (nextTimely) {
      timely.shift();
      send(planning, nextTimely, nextTimely.going.runAt, days);
    } else return;
  }
}

function isLate({ going }: Sender): boolean {
  return going.reason.code === 'caught_up';
}

/** What was due while nobody was there goes now. */
function timeOf(planning: Planning, { going }: Sender): Instant {
  return Math.max(going.runAt, planning.now);
}

/** The first now, the next at the default time on the day after; both as the window allows. */
function catchUpAt(planning: Planning, { draft }: Sender, after: Instant | null): Instant {
  const { organization } = planning.facts;
  const { zone, placed } = draft;
  const morning = after === null ? null : dayAfter(zone, after, parseTime(organization.defaultTime));
  return whenOpen(placed.step, Math.max(planning.now, morning ?? planning.now), zone, organization);
}

function dayAfter(zone: Zone, instant: Instant, second: number): Instant {
  return zone.instantAt({ day: zone.wallAt(instant).day + 1, second });
}

/**
 * Sends at the first day with room, at or after `at`.
 * @returns when it goes, or null where it would no longer be useful then
 */
function send(planning: Planning, { draft, going }: Sender, at: Instant, days: Map<number, number>): Instant | null {
  const { now } = planning;
  const { organization } = planning.facts;
  const { zone, placed } = draft;
  const { second } = zone.wallAt(at);
  let runAt = at;
  let { day } = zone.wallAt(Math.max(runAt, now));
  while ((days.get(day) ?? 0) >= organization.dailyCap) {
    runAt = whenOpen(placed.step, zone.instantAt({ day: day + 1, second }), zone, organization);
    day = zone.wallAt(runAt).day;
  }
  const isMoved = runAt !== at && going.reason.code !== 'caught_up';
  const reason = isMoved
    ? ({ code: 'daily_cap', was: formatInstant(going.runAt), cap: organization.dailyCap } as const)
    : going.reason;
  if (!place(planning, draft, { ...going, reason }, runAt)) return null;
  days.set(day, (days.get(day) ?? 0) + 1);
  return Math.max(runAt, now);
}

/** False where the step would go too late to be of use. */
function place(planning: Planning, draft: Draft, going: Extract<Verdict, { kind: 'go' }>, runAt: Instant): boolean {
  const { endOfUse } = draft;
  if (endOfUse !== null && Math.max(runAt, planning.now) >= endOfUse) {
    const at = draft.due?.at ?? planning.now;
    draft.verdict = { kind: 'skip', at, reason: { code: 'past_useful', usefulUntil: formatInstant(endOfUse) } };
    return false;
  }
  draft.verdict = { ...going, runAt };
  return true;
}

/** How many messages each local day (since 1970-01-01) has already: those of other journeys, and those this one sent. */
function countSent(planning: Planning): Map<number, number> {
  const others = Object.entries(planning.facts.sentOn).map(([date, sent]) => [parseDay(date), sent] as const);
  const days = new Map(others.filter((entry): entry is [number, number] => entry[0] !== null));
  for (const draft of sentMessages(planning)) {
    const at = sentAt(draft);
    if (!isCapped(draft.placed.step) || at === null) continue;
    const { day } = draft.zone.wallAt(at);
    days.set(day, (days.get(day) ?? 0) + 1);
  }
  return days;
}

/**
 * The last message after which catching up waits for a new day: one that caught up, or one counted from the start of the
 * journey that goes within 24 hours of it, because the welcome comes first.
 */
function lastBeforeCatchingUp(planning: Planning, senders: readonly Sender[]): Instant | null {
  const isWelcome = ({ placed }: Draft, at: Instant): boolean =>
    isToCouple(placed.step) && planning.fromStart.has(placed.step.key) && at <= planning.startedAt + DAY_MS;
  const sent = sentMessages(planning).flatMap((draft) => {
    const at = sentAt(draft);
    const caughtUp = draft.verdict.kind === 'recorded' && draft.verdict.reason.code === 'caught_up';
    return at !== null && (isWelcome(draft, at) || (caughtUp && isCapped(draft.placed.step))) ? [at] : [];
  });
  const coming = senders
    .filter((one) => !isLate(one) && isWelcome(one.draft, timeOf(planning, one)))
    .map((one) => timeOf(planning, one));
  const all = [...sent, ...coming];
  return all.length === 0 ? null : Math.max(...all);
}

/** Messages which the ledger has as sent; one whose answer was lost may have been. */
function sentMessages(planning: Planning): Draft[] {
  return [...planning.drafts.values()]
    .flat()
    .filter(({ verdict }) => verdict.kind === 'recorded' && (verdict.state === 'done' || verdict.state === 'unknown'));
}

function sentAt({ record }: Draft): Instant | null {
  const at = record?.endedAt ?? record?.dueAt;
  return at === undefined || at === null ? null : Date.parse(at);
}
