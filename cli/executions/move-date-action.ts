import type { DateChangeStep } from '../../journeys/date-change.ts';
import {
  changeWeddingDate,
  undoWeddingDate,
  type StepAnswer,
  type WeddingDateResult,
} from '../../services/wedding-date/change-wedding-date.ts';
import { previewWeddingDate, type ExecutionDateChange } from '../../services/wedding-date/preview-wedding-date.ts';
import { OperatorError } from '../operator-error.ts';
import { isRealDate } from '../../journeys/words.ts';
import { inOrganization, type OrganizationOptions } from './in-organization.ts';

type MoveOptions = OrganizationOptions & {
  readonly time?: string;
  readonly zone?: string;
  readonly dryRun?: boolean;
  readonly undo?: boolean;
  /** What becomes of every step that would be past by the new date; absent: what its own rule says. */
  readonly past?: 'send' | 'skip';
};

/** `wedsync executions move-date` */
export async function moveDateAction(clientId: string, date: string | undefined, options: MoveOptions): Promise<void> {
  const result = await inOrganization(options, async (trx, by): Promise<WeddingDateResult> => {
    if (options.undo === true) return undoWeddingDate(trx, by, clientId);
    if (date === undefined || !isRealDate(date)) {
      throw new OperatorError(`"${date ?? ''}" is no date of the calendar: write it like 2027-06-12.`);
    }
    const wedding = { on: date, time: options.time, zone: options.zone };
    const changes = await previewWeddingDate(trx, clientId, wedding, by.now);
    if (options.dryRun !== true) {
      return changeWeddingDate(trx, by, clientId, wedding, answersTo(changes, options.past));
    }
    return { ok: true, message: `What would change on ${date}:`, changes };
  });
  if (!result.ok) process.exitCode = 1;
  if (options.json === true) return console.log(JSON.stringify(result));
  if (!result.ok) return console.error(`Not done: ${result.message}`);
  console.log(result.message);
  for (const change of result.changes) tell(change);
}

/** The same answer for every step that would be past. */
function answersTo(changes: readonly ExecutionDateChange[], past: MoveOptions['past']): StepAnswer[] {
  if (past === undefined) return [];
  return changes.flatMap(({ executionId, change }) =>
    change.steps
      .filter(({ effect }) => effect === 'past')
      .map(({ key, occurrence }) => ({ executionId, key, occurrence, send: past === 'send' })),
  );
}

function tell({ journeyName, change }: ExecutionDateChange): void {
  console.log(`  ${journeyName}`);
  for (const step of change.steps) if (step.effect !== 'stays') console.log(`    ${lineOf(step)}`);
}

function lineOf({ name, effect, before, after, rule }: DateChangeStep): string {
  const from = before?.local?.replace('T', ' ') ?? 'no date';
  const to = after?.local?.replace('T', ' ') ?? 'no date';
  if (effect === 'sent') return `${name}: was sent (${rule ?? 'keep'})`;
  if (effect === 'past') return `${name}: would be past on ${to}, its rule says ${rule ?? 'skip'}`;
  return `${name}: ${effect} from ${from} to ${to}`;
}
