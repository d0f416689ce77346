import { sql } from 'kysely';

import { loadExecutions, type LoadedExecution } from '../../db/load-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import { dateChange, type DateChange } from '../../journeys/date-change.ts';
import type { Facts } from '../../journeys/facts.ts';
import { withMovedSteps } from '../../journeys/moved-steps.ts';

/** The wedding as it is to be. What is left out stays. */
export interface WeddingDate {
  /** Civil date `YYYY-MM-DD`. */
  readonly on: string;
  /** Wall time `HH:MM` in the wedding's zone. */
  readonly time?: string | undefined;
  /** IANA zone. */
  readonly zone?: string | undefined;
}

export interface ExecutionDateChange {
  readonly executionId: string;
  readonly journeyName: string;
  readonly change: DateChange;
}

/**
 * What another wedding date would do to every journey of a couple, before anybody saves it: which steps move, which were
 * sent already, which would be past and what their rule says. Changes nothing.
 *
 * @param now ISO instant
 */
export async function previewWeddingDate(
  trx: Trx,
  clientId: string,
  wedding: WeddingDate,
  now: string,
): Promise<ExecutionDateChange[]> {
  const { rows } = await sql<{ id: string }>`
    select id from app.journey_executions where client_id = ${clientId} and completed_at is null
  `.execute(trx);
  const executions = await loadExecutions(
    trx,
    rows.map(({ id }) => id),
    now,
  );
  return executions.map((execution) => ({
    executionId: execution.executionId,
    journeyName: execution.journeyName,
    change: changeOf(execution, wedding, now),
  }));
}

function changeOf(execution: LoadedExecution, wedding: WeddingDate, now: string): DateChange {
  const { definition, facts } = withMovedSteps(execution.definition, execution.facts, execution.movedSteps);
  const client = {
    ...facts.client,
    weddingOn: wedding.on,
    weddingTime: wedding.time ?? facts.client.weddingTime,
    weddingZone: wedding.zone ?? facts.client.weddingZone,
    weddingChangedAt: now,
    postponed: false,
  };
  const after: Facts = { ...facts, client };
  return dateChange(definition, execution.ledger, facts, after, now);
}
