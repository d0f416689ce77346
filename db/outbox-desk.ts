import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** An event as a person looks at it. Its details may speak of a couple and are left out. */
export interface OutboxLine {
  /** A bigint, as text. */
  readonly id: string;
  readonly organizationId: string;
  readonly clientId: string | null;
  readonly event: string;
  readonly occurredAt: Date;
  readonly attempts: number;
  /** `parked`: put aside until a person decides; `waiting`: not yet its turn, or to be tried again. */
  readonly state: 'waiting' | 'leased' | 'parked';
  readonly availableAt: Date;
  readonly lastError: string | null;
}

/** Events that have not reached their journeys, oldest first. */
export async function listOutbox(trx: Trx, filter: { parkedOnly: boolean; limit: number }): Promise<OutboxLine[]> {
  const { rows } = await sql<OutboxLine>`
    select id::text, organization_id as "organizationId", client_id as "clientId", event, occurred_at as "occurredAt",
      attempts, available_at as "availableAt", last_error as "lastError",
      case when parked_at is not null then 'parked' when locked_until > now() then 'leased' else 'waiting' end as state
    from app.outbox
    where processed_at is null and (not ${filter.parkedOnly} or parked_at is not null)
    order by id limit ${filter.limit}
  `.execute(trx);
  return rows;
}

/**
 * Lets events be tried again at once, with all their attempts before them.
 *
 * @param ids null: every parked one
 * @returns ids of those that were waiting or parked; a processed one stays processed
 */
export async function retryOutbox(trx: Trx, ids: readonly string[] | null): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update app.outbox set parked_at = null, attempts = 0, available_at = now()
    where processed_at is null and (locked_until is null or locked_until <= now())
      and ${ids === null ? sql`parked_at is not null` : sql`id = any (${[...ids]}::bigint[])`}
    returning id::text
  `.execute(trx);
  return rows.map(({ id }) => id);
}

/** Puts events aside; the later ones of the same couple go on. @returns ids of those that were put aside */
export async function parkOutbox(trx: Trx, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update app.outbox set parked_at = now(), last_error = coalesce(last_error, 'put aside by a person')
    where processed_at is null and parked_at is null and id = any (${[...ids]}::bigint[])
    returning id::text
  `.execute(trx);
  return rows.map(({ id }) => id);
}
