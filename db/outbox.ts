import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** One thing that happened and that journeys have to hear of. */
export interface OutboxEvent {
  /** A bigint, as text. */
  readonly id: string;
  readonly organizationId: string;
  /** Null: it concerns every couple of the organization. */
  readonly clientId: string | null;
  readonly event: string;
  /** The row it is about, such as the payment. */
  readonly ref: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly occurredAt: Date;
  readonly attempts: number;
}

/** After so many attempts a person has to look. */
const MAX_ATTEMPTS = 20;

/** Most events of one couple that are leased together. */
const MOST_OF_A_COUPLE = 20;

/**
 * Leases the oldest events for a while, with the later ones of their couples: what was written about a couple at once is
 * heard of at once. Organizations take turns, so that a crowd of one is not before everybody else.
 *
 * Events of one couple are leased in their order and by one relay at a time, so that a booking is never heard of after
 * the cancellation. The locks of the first statement keep a second relay from judging by what it saw before this one
 * committed. Everything is found by index: a hundred thousand events may wait.
 *
 * @param trx of the relay; commit it before the events are worked on
 * @param limit how many of the oldest events there are to be; with those that come along they are at most 20 times as many
 * @param leaseMs for which nobody else gets them, in milliseconds
 */
export async function leaseOutbox(trx: Trx, limit: number, leaseMs: number): Promise<OutboxEvent[]> {
  const candidates = await sql<{ organizationId: string; clientId: string | null }>`/* relay_candidates */
    with recursive organization as (
      (select organization_id as id from app.outbox where processed_at is null and parked_at is null
        order by organization_id limit 1)
      union all
      select (select o.organization_id from app.outbox o
               where o.processed_at is null and o.parked_at is null and o.organization_id > organization.id
               order by o.organization_id limit 1)
      from organization where organization.id is not null
    ), oldest as (
      select o.* from organization cross join lateral (
        select organization_id, client_id, available_at, id, row_number() over (order by available_at, id) as turn
        from (
          select o.organization_id, o.client_id, o.available_at, o.id from app.outbox o
          where o.organization_id = organization.id and o.processed_at is null and o.parked_at is null
            and o.available_at <= now() and (o.locked_until is null or o.locked_until <= now())
          order by o.available_at, o.id limit ${limit}
        ) o
      ) o
      order by o.turn, o.available_at, o.id limit ${limit}
    )
    select organization_id as "organizationId", client_id as "clientId"
    from (select distinct organization_id, client_id from oldest) couple
    where pg_try_advisory_xact_lock(hashtextextended(coalesce(client_id, organization_id)::text, 7))
  `.execute(trx);
  if (candidates.rows.length === 0) return [];
  const organizations = candidates.rows.map(({ organizationId }) => organizationId);
  const couples = candidates.rows.map(({ clientId }) => clientId);
  const { rows } = await sql<OutboxEvent>`/* relay_lease */
    with couple as (
      select * from unnest(${organizations}::uuid[], ${couples}::uuid[]) as c (organization_id, client_id)
    ), mine as (
      select o.*, couple.client_id from couple cross join lateral (
        select o.organization_id, o.id, o.available_at > now() or coalesce(o.locked_until > now(), false) as is_blocked
        from app.outbox o
        where o.organization_id = couple.organization_id and o.client_id = couple.client_id
          and o.processed_at is null and o.parked_at is null
        order by o.id limit ${MOST_OF_A_COUPLE}
      ) o
      union all
      select o.*, null from couple cross join lateral (
        select o.organization_id, o.id, o.available_at > now() or coalesce(o.locked_until > now(), false) as is_blocked
        from app.outbox o
        where o.organization_id = couple.organization_id and o.client_id is null
          and o.processed_at is null and o.parked_at is null
        order by o.id limit ${MOST_OF_A_COUPLE}
      ) o
      where couple.client_id is null
    ), head as (
      select id from (
        select id, bool_or(is_blocked) over (partition by organization_id, client_id order by id) as is_behind from mine
      ) m
      where not is_behind
    ), locked as (
      select o.id from app.outbox o join head on head.id = o.id where o.processed_at is null for update of o skip locked
    )
    update app.outbox o
    set locked_until = now() + ${leaseMs} * interval '1 millisecond', attempts = o.attempts + 1
    from locked where o.id = locked.id
    returning o.id::text, o.organization_id as "organizationId", o.client_id as "clientId", o.event, o.ref, o.details,
      o.occurred_at as "occurredAt", o.attempts
  `.execute(trx);
  return rows.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
}

/** Events that have reached their journeys. */
export async function markProcessed(trx: Trx, ids: readonly string[]): Promise<void> {
  await sql`/* relay_processed */
    update app.outbox set processed_at = now(), locked_until = null, last_error = null
    where id = any (${ids}::bigint[]) and processed_at is null
  `.execute(trx);
}

/**
 * An event that could not be brought to its journeys comes again, later and later (at most 5 minutes), and is put aside
 * for a person after 20 attempts. The later events of its couple wait for it until then.
 */
export async function markFailed(trx: Trx, id: string, error: string): Promise<void> {
  await sql`
    update app.outbox set
      locked_until = null, last_error = ${error.slice(0, 2_000)},
      available_at = now() + least(300, power(2, least(attempts, 9))) * interval '1 second',
      parked_at = case when attempts >= ${MAX_ATTEMPTS} then now() end
    where id = ${id} and processed_at is null
  `.execute(trx);
}

/** Temporal or a database was away: the event comes again in a few seconds, with as many attempts before it as it had. */
export async function postpone(trx: Trx, id: string, error: string): Promise<void> {
  await sql`
    update app.outbox set locked_until = null, last_error = ${error.slice(0, 2_000)},
      available_at = now() + interval '5 seconds', attempts = greatest(0, attempts - 1)
    where id = ${id} and processed_at is null
  `.execute(trx);
}

/** Events that were leased but not looked at go back at once. */
export async function giveBack(trx: Trx, ids: readonly string[]): Promise<void> {
  await sql`
    update app.outbox set locked_until = null, attempts = greatest(0, attempts - 1)
    where id = any (${ids}::bigint[]) and processed_at is null
  `.execute(trx);
}

/**
 * Says that a day has come in an organization's zone: payments fall due, invoices become overdue. Each is told once.
 * Answers with how much there was to tell.
 */
export async function tellDue(trx: Trx, at: Date): Promise<number> {
  const { rows } = await sql<{ told: number }>`select app.tell_due(${at}) as told`.execute(trx);
  return rows[0]?.told ?? 0;
}
