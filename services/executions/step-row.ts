import { sql } from 'kysely';

import type { LoadedExecution } from '../../db/load-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import type { Step } from '../../journeys/definition.ts';
import { refuse, type Refusal } from './command.ts';

/** One occurrence of a step, as a person names it. */
export interface StepName {
  readonly key: string;
  readonly occurrence: number;
}

export interface StepRow {
  readonly id: string;
  readonly state: string;
  readonly step: Step;
  /** A message of it is on its way at this moment. */
  readonly sending: boolean;
}

/** The row of a step occurrence, held until the transaction ends, or why there is none. */
export async function findStep(
  trx: Trx,
  { executionId, definition }: LoadedExecution,
  { key, occurrence }: StepName,
): Promise<StepRow | Refusal> {
  const step = [...definition.steps, ...(definition.closing ?? [])].find((one) => one.key === key);
  const { rows } = await sql<{ id: string; state: string; sending: boolean }>`
    select s.id, s.state, exists (
      select from app.communications c where c.step_execution_id = s.id and c.status = 'sending') as sending
    from app.journey_step_executions s
    where s.execution_id = ${executionId} and s.step_key = ${key} and s.occurrence = ${occurrence}
    for update of s
  `.execute(trx);
  const [row] = rows;
  if (step === undefined || row === undefined) {
    const known = definition.steps.map((one) => one.key).join(', ');
    return refuse('step_not_found', `There is no step ${key}#${occurrence} in this journey. Its steps are ${known}.`);
  }
  return { ...row, step };
}

/** Refuses where a step has ended or is on its way; null where it is still ahead. */
export function refuseUnlessAhead({ state, step, sending }: StepRow): Refusal | null {
  const name = step.name ?? step.key;
  if (sending) return refuse('being_sent', `"${name}" is being sent at this moment.`);
  if (state === 'done') return refuse('already_done', `"${name}" was already done.`);
  if (state === 'skipped' || state === 'not_taken' || state === 'failed' || state === 'unknown') {
    return refuse('already_done', `"${name}" has already ended: ${state.replace('_', ' ')}.`);
  }
  return null;
}
