import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** Which messages are called back; all that is named has to fit. */
export interface RecallScope {
  readonly executionId?: string | undefined;
  readonly stepExecutionId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly journeyId?: string | undefined;
  readonly channel?: string | undefined;
}

export interface Recalled {
  /** Messages that were queued and do not go now. */
  readonly calledBack: number;
  /** Messages that are being sent at this moment: they cannot be called back. */
  readonly leaving: number;
}

/**
 * Calls back what journeys have queued and not yet handed over. The claim of a message takes only what is queued, so
 * from here on nothing of it leaves, also where a worker has begun with it.
 *
 * @param to `held`: it is queued again when its step has its turn again; `cancelled`: for good
 */
export async function recallQueued(trx: Trx, of: RecallScope, to: 'held' | 'cancelled'): Promise<Recalled> {
  const { rows } = await sql<Recalled>`
    with open as (
      select m.id, m.status from app.communications m
      where m.organization_id = (select app.current_org_id()) and m.direction = 'outbound' and m.sent_at is null
        and m.failed_at is null and m.status in ('queued', 'sending') and m.execution_id is not null
        and (${of.executionId ?? null}::uuid is null or m.execution_id = ${of.executionId ?? null})
        and (${of.stepExecutionId ?? null}::uuid is null or m.step_execution_id = ${of.stepExecutionId ?? null})
        and (${of.clientId ?? null}::uuid is null or m.client_id = ${of.clientId ?? null})
        and (${of.channel ?? null}::text is null or m.type = ${of.channel ?? null})
        and (${of.journeyId ?? null}::uuid is null or m.execution_id in (
          select e.id from app.journey_executions e
          where e.organization_id = (select app.current_org_id()) and e.journey_id = ${of.journeyId ?? null}
            and e.completed_at is null))
    ), back as (
      update app.communications m set status = ${to} from open where m.id = open.id and m.status = 'queued'
      returning m.id
    )
    select (select count(*)::int from back) as "calledBack",
      (select count(*)::int from open where status = 'sending') as leaving
  `.execute(trx);
  return rows[0] ?? { calledBack: 0, leaving: 0 };
}

/** What a person is told of it; empty where nothing was on its way. */
export function recallInWords({ calledBack, leaving }: Recalled): string {
  const back =
    calledBack === 0 ? '' : ` Called back: ${calledBack} queued ${calledBack === 1 ? 'message' : 'messages'}.`;
  return leaving === 0 ? back : `${back} Being sent at this moment, and not to be called back: ${leaving}.`;
}
