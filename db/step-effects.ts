import { sql, type RawBuilder } from 'kysely';

import type { PlannedStep } from '../journeys/plan.ts';
import type { Reason } from '../journeys/reasons.ts';
import type { Trx } from './tenant.ts';

/**
 * The row of an execution, held until the transaction ends: two plans of one execution never overlap. Nobody waits for
 * the answer: whatever is asked next is answered once the row is held, and sees what was committed before.
 */
export async function lockExecution(trx: Trx, executionId: string): Promise<void> {
  await sql`/* lock_execution ahead */
    select from app.journey_executions where id = ${executionId} for update
  `.execute(trx);
}

/**
 * The same for an execution whose workflow has planned it before, without waiting: false where somebody holds it at
 * this moment, or nobody has planned it yet.
 */
export async function lockIfIdle(trx: Trx, executionId: string): Promise<boolean> {
  const { rows } = await sql`/* lock_if_idle */
    select from app.journey_executions where id = ${executionId} and planned_at is not null for update skip locked
  `.execute(trx);
  return rows.length > 0;
}

/** How an occurrence of a step ended, or when it is tried again. Instants are ISO, to the second. */
export interface StepResult {
  readonly state: 'done' | 'skipped' | 'failed' | 'unknown' | 'planned';
  readonly at: string;
  readonly outcome?: string | undefined;
  readonly reason: Reason;
  /** Only with `planned`: when it is tried again. */
  readonly nextAttemptAt?: string | undefined;
  /** Only with `planned`: the attempt that was begun does not count as one. */
  readonly isUncounted?: boolean | undefined;
  /** What went wrong, in words without an address. */
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

/**
 * Writes down how a step ended. A step that has ended stays as it is: the first word counts, except after `unknown`.
 *
 * @param line the step as planned: its row is made of it where there is none yet
 */
export async function finishStep(trx: Trx, executionId: string, line: PlannedStep, result: StepResult): Promise<void> {
  await sql`/* finish_step */ ${finishedRow(executionId, line, result)}`.execute(trx);
}

/** The same as a part of a larger statement. */
export function finishedRow(
  executionId: string,
  line: PlannedStep,
  { state, at, outcome, reason, nextAttemptAt, isUncounted, error }: StepResult,
): RawBuilder<unknown> {
  const endedAt = state === 'planned' ? null : at;
  return sql`
    insert into app.journey_step_executions as j
      (execution_id, step_key, occurrence, step_type, state, due_at, planned_at, scheduled_for, local_time, time_zone,
       ended_at, outcome, reason, next_attempt_at, error_code, error_message)
    values (${executionId}, ${line.key}, ${line.occurrence}, ${line.type}, ${state}, ${line.dueAt}, ${at},
      ${line.runAt ?? line.dueAt}, ${line.local}, ${line.zone}, ${endedAt}, ${outcome ?? null},
      ${JSON.stringify(reason)}::jsonb, ${nextAttemptAt ?? null}, ${error?.code ?? null}, ${error?.message ?? null})
    on conflict (organization_id, execution_id, step_key, occurrence) do update set
      state = excluded.state, ended_at = excluded.ended_at, outcome = excluded.outcome, reason = excluded.reason,
      next_attempt_at = excluded.next_attempt_at, error_code = excluded.error_code,
      error_message = excluded.error_message,
      attempts = greatest(0, j.attempts - ${isUncounted === true ? 1 : 0}::int),
      duration_ms = least(2147483647, greatest(0, extract(epoch from ${at}::timestamptz - j.started_at) * 1000))::int
    where j.ended_at is null or j.state = 'unknown'`;
}

/**
 * Notes that an attempt begins, and counts it. Null where the step has ended meanwhile.
 *
 * @param at ISO instant
 */
export async function beginAttempt(
  trx: Trx,
  executionId: string,
  line: PlannedStep,
  at: string,
): Promise<{ stepExecutionId: string; attempts: number } | null> {
  const { rows } = await sql<{
    id: string;
    attempts: number;
  }>`/* begin_attempt */ ${attemptRow(executionId, line, at)}`.execute(trx);
  const row = rows[0];
  return row === undefined ? null : { stepExecutionId: row.id, attempts: row.attempts };
}

/** The same as a part of a larger statement: gives id and attempts, or no row. */
export function attemptRow(executionId: string, line: PlannedStep, at: string): RawBuilder<unknown> {
  return sql`
    insert into app.journey_step_executions as j
      (execution_id, step_key, occurrence, step_type, state, due_at, planned_at, scheduled_for, local_time, time_zone,
       reason, attempts, started_at)
    values (${executionId}, ${line.key}, ${line.occurrence}, ${line.type}, ${line.state}, ${line.dueAt}, ${at},
      ${line.runAt ?? line.dueAt}, ${line.local}, ${line.zone}, ${JSON.stringify(line.reason)}::jsonb, 1, ${at})
    on conflict (organization_id, execution_id, step_key, occurrence) do update set
      attempts = j.attempts + 1, started_at = excluded.started_at, next_attempt_at = null
    where j.ended_at is null
    returning id, attempts`;
}
