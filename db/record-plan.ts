import { sql } from 'kysely';

import type { Plan, PlannedStep } from '../journeys/plan.ts';
import { finishedRow, type StepResult } from './step-effects.ts';
import type { Trx } from './tenant.ts';

/** A step with how it ended. */
export interface EndedStep {
  readonly line: PlannedStep;
  readonly result: StepResult;
}

/** What the row of the execution says about the plan, for lists and for finding what is overdue. */
export interface PlanHead {
  readonly status: 'active' | 'paused' | 'completed' | 'stopped';
  /** ISO instant, or null where only a change of the facts can lead on. */
  readonly nextActionAt: string | null;
  readonly nextAction: string | null;
  readonly currentStepKey: string | null;
  readonly blocked: boolean;
}

/**
 * Writes the plan down: one row for every step, and the head of the execution. Only what changed is written, and what
 * has ended stays as it is. `planned_at` moves only together with `due_at`, because by it the planner knows whether a step was already
 * past when its time became what it is (rule 8). The transaction is committed with it.
 *
 * @param now instant at which the plan was computed
 * @param ended a step that has just ended: it is written down in the same statement
 * @returns the serial of this plan: the next one of the execution has a greater one
 */
export async function recordPlan(
  trx: Trx,
  organizationId: string,
  executionId: string,
  plan: Plan,
  head: PlanHead,
  now: string,
  ended?: EndedStep,
): Promise<number> {
  const endedSteps = plan.steps.filter((step) => ENDED.has(step.state)).length;
  const isEnded = ({ key, occurrence }: PlannedStep): boolean =>
    key === ended?.line.key && occurrence === ended.line.occurrence;
  const lines = plan.steps.map((step) => ({ ...toRow(step, now), is_written: isEnded(step) }));
  const { rows } = await sql<{ serial: number }>`/* record_plan${sql.raw(ended === undefined ? '' : '_and_end')} last */
    with line as (
      select * from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as r(
        step_key text, occurrence int, step_type text, state text, due_at timestamptz, scheduled_for timestamptz,
        local_time text, time_zone text, depends_on text, reason jsonb, ended_at timestamptz, is_written boolean)
    ), ${ended === undefined ? sql`` : sql`done as (${finishedRow(executionId, ended.line, ended.result)}), `}gone as (
      delete from app.journey_step_executions j
      where j.organization_id = ${organizationId} and j.execution_id = ${executionId}
        and j.ended_at is null and j.attempts = 0
        and not exists (select from line l where l.step_key = j.step_key and l.occurrence = j.occurrence)
    ), head as (
      update app.journey_executions e set
        status = ${head.status},
        completed_at = case when ${head.status} in ('completed', 'stopped') then coalesce(completed_at, ${now}) end,
        paused_at = case when ${head.status} = 'paused' then coalesce(paused_at, ${now}) end,
        next_action_at = ${head.nextActionAt}, next_action = ${head.nextAction},
        current_step_key = ${head.currentStepKey}, blocked = ${head.blocked}, planned_at = ${now},
        steps_total = ${plan.steps.length}, steps_completed = ${endedSteps}, plan_serial = plan_serial + 1
      where e.organization_id = ${organizationId} and e.id = ${executionId}
      returning plan_serial
    ), written as (
      insert into app.journey_step_executions as j
        (organization_id, execution_id, step_key, occurrence, step_type, state, due_at, planned_at, scheduled_for,
         local_time, time_zone, depends_on, reason, ended_at)
      select ${organizationId}, ${executionId}, step_key, occurrence, step_type, state, due_at, ${now}, scheduled_for,
        local_time, time_zone, depends_on, reason, ended_at
      from line where not is_written
      on conflict (organization_id, execution_id, step_key, occurrence) do update set
        state = excluded.state, due_at = excluded.due_at, scheduled_for = excluded.scheduled_for,
        planned_at = case when j.due_at is distinct from excluded.due_at then excluded.planned_at else j.planned_at end,
        local_time = excluded.local_time, time_zone = excluded.time_zone, depends_on = excluded.depends_on,
        reason = excluded.reason, ended_at = excluded.ended_at
      where j.ended_at is null
        and (j.state, j.due_at, j.scheduled_for, j.local_time, j.time_zone, j.depends_on, j.reason) is distinct from
          (excluded.state, excluded.due_at, excluded.scheduled_for, excluded.local_time, excluded.time_zone,
           excluded.depends_on, excluded.reason)
    )
    select plan_serial as serial from head
  `.execute(trx);
  const [written] = rows;
  if (written === undefined) throw new Error(`There is no execution ${executionId} to write a plan down for.`);
  return written.serial;
}

/** States in which the ledger's word is final. */
const ENDED: ReadonlySet<PlannedStep['state']> = new Set(['done', 'skipped', 'failed', 'unknown', 'not_taken']);

/** What a stop or a condition decided against ends here, at that moment; nobody has to run anything for it. */
function toRow(step: PlannedStep, now: string): Record<string, unknown> {
  return {
    step_key: step.key,
    occurrence: step.occurrence,
    step_type: step.type,
    state: step.state,
    due_at: step.dueAt,
    scheduled_for: step.runAt ?? step.dueAt,
    local_time: step.local,
    time_zone: step.zone,
    depends_on: step.dependsOn,
    reason: step.reason,
    ended_at: ENDED.has(step.state) ? ('at' in step.reason ? step.reason.at : now) : null,
  };
}
