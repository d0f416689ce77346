import { sql } from 'kysely';

import { publishedVersion } from '../../db/enrolments.ts';
import { loadExecutions } from '../../db/load-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import type { Plan } from '../../journeys/plan.ts';
import { refuse, type Commander, type Refusal } from './command.ts';
import { planLoaded } from './plan-loaded.ts';

/** Couples that have all of what is named. */
export interface Segment {
  readonly clientIds?: readonly string[] | undefined;
  readonly status?: string | undefined;
  readonly tag?: string | undefined;
  /** Civil dates, both included. */
  readonly weddingFrom?: string | undefined;
  readonly weddingTo?: string | undefined;
}

export interface SegmentEnrolment {
  readonly ok: true;
  readonly enrolled: number;
  /** Plans of the first couples, as they would be from now on. */
  readonly plans: readonly { readonly clientId: string; readonly plan: Plan }[];
}

/** How many start a second: couples who write meanwhile are not behind thousands in the queue. */
const STARTS_PER_SECOND = 150;
const SHOWN = 20;

/**
 * Puts all couples of a segment on a journey that are not and were not on it: the rows at once, the workflows one after
 * the other by way of the outbox. Called again (after a crash, say) it does what is left.
 */
export async function enrolSegment(
  trx: Trx,
  by: Commander,
  journeyId: string,
  segment: Segment,
): Promise<SegmentEnrolment | Refusal> {
  const version = await publishedVersion(trx, journeyId);
  if (version === null) return refuse('no_such_journey', 'There is no published journey of that name or id.');
  const { rows } = await sql<{ id: string }>`
    insert into app.journey_executions
      (journey_id, journey_version_id, client_id, trigger_event, trigger_key, trigger_at, started_at)
    select ${journeyId}, ${version.journeyVersionId}, c.id, 'manual', 'by_hand/segment', ${by.now}, ${by.now}
    from app.clients c
    where c.organization_id = (select app.current_org_id()) and c.deleted_at is null
      and (${segment.clientIds ?? null}::uuid[] is null or c.id = any (${segment.clientIds ?? null}::uuid[]))
      and (${segment.status ?? null}::text is null or c.status = ${segment.status ?? null})
      and (${segment.tag ?? null}::text is null or c.tags @> array[${segment.tag ?? null}::text])
      and (${segment.weddingFrom ?? null}::date is null or c.wedding_date >= ${segment.weddingFrom ?? null}::date)
      and (${segment.weddingTo ?? null}::date is null or c.wedding_date <= ${segment.weddingTo ?? null}::date)
      and not exists (select from app.journey_executions e where e.journey_id = ${journeyId} and e.client_id = c.id)
    order by c.wedding_date nulls last, c.id
    on conflict do nothing
    returning id
  `.execute(trx);
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) {
    await sql`select app.wake_executions(${ids}::uuid[], ${STARTS_PER_SECOND})`.execute(trx);
    await sql`
      insert into app.activities (kind, actor, journey_id, summary, data, occurred_at)
      values ('journey.enrolled', ${by.actor}, ${journeyId}, ${`${ids.length} couples put on "${version.name}"`},
        ${JSON.stringify({ couples: ids.length, segment })}::jsonb, ${by.now})
    `.execute(trx);
  }
  const shown = await loadExecutions(trx, ids.slice(0, SHOWN), by.now);
  const plans = shown.map((execution) => ({ clientId: execution.clientId, plan: planLoaded(execution, by.now) }));
  return { ok: true, enrolled: ids.length, plans };
}
