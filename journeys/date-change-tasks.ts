// `onDateChange: task`: what was sent for a date that has changed since becomes a task for somebody.
import { anchorOf } from './anchors.ts';
import { formatInstant } from './calendar.ts';
import { isMessage, type JourneyDefinition } from './definition.ts';
import type { Facts, Ledger } from './facts.ts';
import { startPlanning } from './planning.ts';
import { zoneOf } from './recipients.ts';
import { sentForAnotherDate } from './sent-for-another-date.ts';

/** A message that went for the old date. With the same `dueAt` and `nowDueAt` it is the same task, however often asked. */
export type DateChangeTask = {
  readonly key: string;
  readonly occurrence: number;
  /** When it was due, for the date it was sent for. */
  readonly dueAt: string;
  /** When it would be due for the date as it is now. */
  readonly nowDueAt: string;
  /** Not before: until then the date may still be typed anew. */
  readonly from: string;
};

/** The tasks that changes of date have made. None after a stop, or for a stage that has ended. */
export function dateChangeTasks(
  definition: JourneyDefinition,
  facts: Facts,
  ledger: Ledger,
  now: string,
): DateChangeTask[] {
  const planning = startPlanning(definition, facts, ledger, now);
  if (planning.stop) return [];
  return planning.tree.placed.flatMap((placed) => {
    const { step } = placed;
    const isOver = placed.closing || (step.stage !== undefined && planning.endedStages.has(step.stage));
    if (isOver || !isMessage(step) || step.onDateChange !== 'task') return [];
    const anchored = anchorOf(planning, placed, step.when ?? {});
    const sent = sentForAnotherDate(
      planning,
      step,
      anchored,
      planning.calendar.zone(zoneOf(step, step.when?.zone, facts)),
    );
    if (!sent) return [];
    const settled = sent.changedAt === null ? planning.now : sent.changedAt + facts.organization.settleMinutes * 60_000;
    const { occurrence } = sent.record;
    return [
      {
        key: step.key,
        occurrence,
        dueAt: formatInstant(sent.dueAt),
        nowDueAt: formatInstant(sent.nowDueAt),
        from: formatInstant(settled),
      },
    ];
  });
}
