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
  /** Whose progress `listBatches` tells; null where nobody was enrolled. */
  readonly batchId: string | null;
  readonly enrolled: number;
  /** Couples that match, but are or were on the journey: they stay where they are. */
  readonly alreadyOnIt: number;
  /** Ids that were named and are no couple of the organization. */
  readonly unknown: readonly string[];
  /** Plans of the first couples, as they are from now on. */
  readonly plans: readonly CouplePlan[];
}

/** Where one couple joins: what it still gets, and what is too late for it. */
export interface CouplePlan {
  readonly clientId: string;
  readonly plan: Plan;
}

/** So many are planned in one go. */
const PAGE = 200;

/**
 * Puts all couples of a segment on a journey that are not and were not on it: the rows at once, in the transaction of
 * the caller; their workflows are started by a batch, at a measured pace and behind everything that is due. Called
 * again it does what is left.
 *
 * @param shown how many plans are answered: a rehearsal may want all
 */
export async function enrolSegment(
  trx: Trx,
  by: Commander,
  journeyId: string,
  segment: Segment,
  shown = 20,
): Promise<SegmentEnrolment | Refusal> {
  const version = await publishedVersion(trx, journeyId);
  if (version === null) return refuse('no_such_journey', 'There is no published journey of that name or id.');
  const unknown = await unknownOf(trx, segment.clientIds ?? []);
  const batchId = crypto.randomUUID();
  const { rows } = await sql<{ ids: string[]; matching: number }>`
    with matching as (
      select c.id, exists (select from app.journey_executions e where e.journey_id = ${journeyId} and e.client_id = c.id) as on_it
      from app.clients c
      where c.organization_id = (select app.current_org_id()) and c.deleted_at is null
        and (${segment.clientIds ?? null}::uuid[] is null or c.id = any (${segment.clientIds ?? null}::uuid[]))
        and (${segment.status ?? null}::text is null or c.status = ${segment.status ?? null})
        and (${segment.tag ?? null}::text is null or c.tags @> array[${segment.tag ?? null}::text])
        and (${segment.weddingFrom ?? null}::date is null or c.wedding_date >= ${segment.weddingFrom ?? null}::date)
        and (${segment.weddingTo ?? null}::date is null or c.wedding_date <= ${segment.weddingTo ?? null}::date)
    ), batch as (
      insert into app.enrolment_batches (id, journey_id, total, requested_by)
      select ${batchId}, ${journeyId}, count(*), ${by.actor} from matching where not on_it having count(*) > 0
      returning id
    ), made as (
      insert into app.journey_executions
        (journey_id, journey_version_id, client_id, trigger_event, trigger_key, trigger_at, started_at, batch_id)
      select ${journeyId}, ${version.journeyVersionId}, m.id, 'manual', 'by_hand/segment', ${by.now}, ${by.now}, batch.id
      from matching m, batch where not m.on_it
      on conflict do nothing
      returning id
    )
    select coalesce((select array_agg(id order by id) from made), '{}') as ids,
      (select count(*)::int from matching) as matching
  `.execute(trx);
  const { ids, matching } = rows[0] ?? { ids: [], matching: 0 };
  if (ids.length > 0) {
    await sql`update app.enrolment_batches set total = ${ids.length} where id = ${batchId} and total <> ${ids.length}`.execute(
      trx,
    );
    const { clientIds, ...named } = segment;
    const data = { batchId, couples: ids.length, segment: { ...named, listed: clientIds?.length } };
    await sql`
      insert into app.activities (kind, actor, journey_id, summary, data, occurred_at)
      values ('journey.enrolled', ${by.actor}, ${journeyId}, ${`${ids.length} couples put on "${version.name}"`},
        ${JSON.stringify(data)}::jsonb, ${by.now})
    `.execute(trx);
  }
  return {
    ok: true,
    batchId: ids.length === 0 ? null : batchId,
    enrolled: ids.length,
    alreadyOnIt: matching - ids.length,
    unknown,
    plans: await plansOf(trx, ids.slice(0, shown), by.now),
  };
}

async function unknownOf(trx: Trx, clientIds: readonly string[]): Promise<string[]> {
  if (clientIds.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    select listed.id from unnest(${clientIds}::uuid[]) as listed (id)
    where not exists (select from app.clients c where c.id = listed.id and c.deleted_at is null)
  `.execute(trx);
  return rows.map(({ id }) => id);
}

async function plansOf(trx: Trx, ids: readonly string[], now: string): Promise<CouplePlan[]> {
  const plans: CouplePlan[] = [];
  for (let from = 0; from < ids.length; from += PAGE) {
    for (const execution of await loadExecutions(trx, ids.slice(from, from + PAGE), now)) {
      plans.push({ clientId: execution.clientId, plan: planLoaded(execution, now) });
    }
  }
  return plans;
}
