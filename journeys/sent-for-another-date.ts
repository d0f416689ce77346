// Messages that went for a date which has changed since.
import type { Anchored } from './anchors.ts';
import type { Instant, Zone } from './calendar.ts';
import type { MessageStep } from './definition.ts';
import { dueAt } from './due.ts';
import type { LedgerStep } from './facts.ts';
import type { Planning } from './planning.ts';

export type SentForAnotherDate = {
  /** The last occurrence that has ended. */
  readonly record: LedgerStep;
  readonly dueAt: Instant;
  /** When it would be due for the date as it is now. */
  readonly nowDueAt: Instant;
  /** When the date was changed; null where the facts do not say. */
  readonly changedAt: Instant | null;
};

/**
 * A message that was sent, and counted from a date that has changed since, so that it would now be due at another moment.
 * A custom date says nothing of when it changed; there another day is the whole evidence, and another time of the same
 * day is none: that is another send window or default time. Null where nothing was sent, or where it went for the date
 * as it is.
 */
export function sentForAnotherDate(
  planning: Planning,
  step: MessageStep,
  anchored: Anchored,
  zone: Zone,
): SentForAnotherDate | null {
  if (step.repeat || anchored.kind !== 'known' || !anchored.movable) return null;
  const ended = planning.recordsOf(step.key).filter((record) => ENDED.has(record.state));
  const record = ended.at(-1);
  const wasSent = ended.some(({ state }) => state === 'done');
  if (!record || !wasSent || record.state === 'unknown' || record.dueAt === null) return null;
  const { changedAt } = anchored.movable;
  const isForThisDate = changedAt !== null && record.endedAt !== undefined && changedAt <= Date.parse(record.endedAt);
  const nowDueAt = dueAt(step, step.when ?? {}, anchored.origin, zone, planning.facts.organization).at;
  const wasDueAt = Date.parse(record.dueAt);
  const isAnotherMoment =
    changedAt === null ? zone.wallAt(nowDueAt).day !== zone.wallAt(wasDueAt).day : nowDueAt !== wasDueAt;
  return isForThisDate || !isAnotherMoment ? null : { record, dueAt: wasDueAt, nowDueAt, changedAt };
}

const ENDED: ReadonlySet<LedgerStep['state']> = new Set(['done', 'skipped', 'failed', 'unknown', 'not_taken']);
