import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** Names a delivery and which of its runs: each replay is a new one. */
export interface DeliveryRef {
  readonly organizationId: string;
  readonly deliveryId: string;
  /** 0 for the first, then the number of the replay. */
  readonly run: number;
}

/** A delivery whose workflow has to be started. */
export interface WaitingDelivery extends DeliveryRef {
  readonly eventType: string;
}

/**
 * Leases deliveries whose workflow has not been started, in the order of their events. Of an ordered endpoint only the
 * first unfinished one of each couple is taken: the next follows when that has arrived or was given up.
 */
export async function leaseDeliveries(trx: Trx, limit: number, leaseMs: number): Promise<WaitingDelivery[]> {
  const { rows } = await sql<WaitingDelivery>`
    with ready as (
      select d.id from app.webhook_deliveries d
        left join app.webhooks w on w.id = d.webhook_id and w.organization_id = d.organization_id
       where d.dispatched_at is null and d.status = 'pending' and (d.locked_until is null or d.locked_until < now())
         and not (coalesce(w.is_ordered, false) and exists (
           select from app.webhook_deliveries earlier
            where earlier.webhook_id = d.webhook_id and earlier.client_id is not distinct from d.client_id
              and earlier.status in ('pending', 'failed') and earlier.sequence < d.sequence))
       order by d.sequence limit ${limit} for update of d skip locked
    )
    update app.webhook_deliveries d set locked_until = now() + make_interval(secs => ${leaseMs / 1000})
      from ready where d.id = ready.id
    returning d.organization_id as "organizationId", d.id as "deliveryId", d.replays as run,
      d.event_type as "eventType"
  `.execute(trx);
  return rows;
}

/** Notes that their workflows run. */
export async function markDispatched(trx: Trx, deliveryIds: readonly string[]): Promise<void> {
  await sql`
    update app.webhook_deliveries set dispatched_at = now(), locked_until = null where id = any(${deliveryIds})
  `.execute(trx);
}

export interface NewDelivery {
  /** The endpoint, or the address a step names itself. */
  readonly target: { readonly webhookId: string } | { readonly url: string };
  readonly eventType: string;
  readonly payload: unknown;
  /** The same key is the same delivery, made once. */
  readonly idempotencyKey: string;
  readonly clientId?: string | undefined;
  readonly stepExecutionId?: string | undefined;
  readonly isTest?: boolean;
}

/** Adds a delivery for the relay to start, and answers with its id; the one that was there already where it is known. */
export async function addDelivery(trx: Trx, delivery: NewDelivery): Promise<string> {
  const webhookId = 'webhookId' in delivery.target ? delivery.target.webhookId : null;
  const url = 'url' in delivery.target ? delivery.target.url : null;
  const { rows } = await sql<{ id: string }>`
    insert into app.webhook_deliveries
      (webhook_id, url, event_type, payload, idempotency_key, client_id, step_execution_id, is_test)
    values (${webhookId}, ${url}, ${delivery.eventType}, ${JSON.stringify(delivery.payload)}::jsonb,
      ${delivery.idempotencyKey}, ${delivery.clientId ?? null}, ${delivery.stepExecutionId ?? null},
      ${delivery.isTest ?? false})
    on conflict (organization_id, idempotency_key) do update set updated_at = app.webhook_deliveries.updated_at
    returning id
  `.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new Error('A delivery was neither added nor found.');
  return row.id;
}

/** What an attempt needs, and what the earlier ones left. */
export interface OpenDelivery {
  readonly attempt: number;
  /** Attempts since the last replay, this one included: the rung of the ladder. */
  readonly rung: number;
  readonly url: string;
  readonly payload: unknown;
  readonly stepExecutionId: string | null;
  readonly endpoint: {
    readonly id: string;
    readonly name: string;
    readonly secret: Buffer;
    readonly previousSecret: { readonly secret: Buffer; readonly until: Date } | null;
    readonly headers: Buffer | null;
    readonly failingSince: Date | null;
    readonly warnings: number;
  } | null;
}

export type Beginning =
  | { kind: 'begun'; delivery: OpenDelivery }
  | { kind: 'ended'; status: string }
  /** Another attempt is planned for later, or under way. */
  | { kind: 'early'; waitMs: number };

type DeliveryRow = {
  status: string;
  replays: number;
  attempt: number;
  rung: number;
  url: string;
  payload: unknown;
  stepExecutionId: string | null;
  nextAttemptAt: Date | null;
  webhookId: string | null;
  webhookName: string | null;
  isActive: boolean | null;
  isRemoved: boolean;
  isTest: boolean;
  secret: Buffer | null;
  previousSecret: Buffer | null;
  previousUntil: Date | null;
  headers: Buffer | null;
  failingSince: Date | null;
  warnings: number | null;
  lastWritten: number;
};

/**
 * Counts an attempt and answers with what it needs; commits before anything leaves, so that an attempt of a process
 * that dies is a number without a row, which the next attempt writes down as lost.
 */
export async function beginDeliveryAttempt(trx: Trx, ref: DeliveryRef, now: Date): Promise<Beginning> {
  const row = await lockDelivery(trx, ref.deliveryId);
  if (row === null || row.replays !== ref.run) return { kind: 'ended', status: 'superseded' };
  if (row.status !== 'pending' && row.status !== 'failed') return { kind: 'ended', status: row.status };
  if (row.isRemoved || (row.isActive === false && !row.isTest)) {
    await endDelivery(
      trx,
      ref.deliveryId,
      row.isRemoved ? 'The endpoint was removed.' : 'The endpoint is switched off.',
    );
    return { kind: 'ended', status: 'cancelled' };
  }
  const waitMs = (row.nextAttemptAt?.getTime() ?? 0) - now.getTime();
  if (waitMs > CLOCK_SLACK_MS) return { kind: 'early', waitMs };
  if (row.lastWritten < row.attempt - 1) await writeLostAttempt(trx, ref.deliveryId, row.attempt - 1, now);
  await sql`
    update app.webhook_deliveries set attempt_count = ${row.attempt}, next_attempt_at = null where id = ${ref.deliveryId}
  `.execute(trx);
  return { kind: 'begun', delivery: openDelivery(row) };
}

/** Timers may be a little early. */
const CLOCK_SLACK_MS = 1_000;

async function lockDelivery(trx: Trx, deliveryId: string): Promise<DeliveryRow | null> {
  const { rows } = await sql<DeliveryRow>`
    select d.status, d.replays, d.attempt_count + 1 as attempt, d.attempt_count + 1 - d.replay_base as rung,
      coalesce(d.url, w.url) as url, d.payload, d.step_execution_id as "stepExecutionId",
      d.next_attempt_at as "nextAttemptAt", d.webhook_id as "webhookId", w.name as "webhookName", w.is_active as "isActive",
      w.removed_at is not null as "isRemoved", d.is_test as "isTest", w.secret_ciphertext as secret, w.previous_secret_ciphertext as "previousSecret",
      w.previous_secret_until as "previousUntil", w.headers_ciphertext as headers, w.failing_since as "failingSince",
      w.warnings,
      coalesce((select max(a.attempt) from app.webhook_delivery_attempts a where a.delivery_id = d.id), 0)
        as "lastWritten"
    from app.webhook_deliveries d
      left join app.webhooks w on w.organization_id = d.organization_id and w.id = d.webhook_id
    where d.id = ${deliveryId} for update of d
  `.execute(trx);
  return rows[0] ?? null;
}

function openDelivery(row: DeliveryRow): OpenDelivery {
  const { attempt, rung, url, payload, stepExecutionId, previousSecret, previousUntil } = row;
  const previous =
    previousSecret === null || previousUntil === null ? null : { secret: previousSecret, until: previousUntil };
  const endpoint =
    row.webhookId === null || row.secret === null
      ? null
      : {
          id: row.webhookId,
          name: row.webhookName ?? '',
          secret: row.secret,
          previousSecret: previous,
          headers: row.headers,
          failingSince: row.failingSince,
          warnings: row.warnings ?? 0,
        };
  return { attempt, rung, url, payload, stepExecutionId, endpoint };
}

async function writeLostAttempt(trx: Trx, deliveryId: string, attempt: number, now: Date): Promise<void> {
  await sql`
    insert into app.webhook_delivery_attempts (delivery_id, attempt, occurred_at, fault, error, decision)
    values (${deliveryId}, ${attempt}, ${now}, 'lost', 'The process that made this attempt ended before its answer.',
      'lost')
  `.execute(trx);
}

async function endDelivery(trx: Trx, deliveryId: string, reason: string): Promise<void> {
  await sql`
    update app.webhook_deliveries set status = 'cancelled', last_error = ${reason}, next_attempt_at = null
     where id = ${deliveryId}
  `.execute(trx);
}

/** Ends what waits for an endpoint; an attempt under way finds its delivery ended. Answers with how many. */
export async function cancelDeliveries(trx: Trx, webhookId: string, reason: string): Promise<number> {
  const { numAffectedRows } = await sql`
    update app.webhook_deliveries set status = 'cancelled', last_error = ${reason}, next_attempt_at = null
     where webhook_id = ${webhookId} and status in ('pending', 'failed')
  `.execute(trx);
  return Number(numAffectedRows ?? 0);
}

/** How an attempt ended, as its row has it. */
export interface FinishedAttempt {
  readonly attempt: number;
  readonly requestId: string;
  readonly at: Date;
  readonly status: number | null;
  readonly durationMs: number;
  readonly fault: string | null;
  readonly remoteAddress: string | null;
  readonly responseHeaders: Readonly<Record<string, string>>;
  /** At most 4,000 characters. */
  readonly responseSnippet: string;
  readonly error: string | null;
  readonly decision: 'delivered' | 'retry' | 'exhausted' | 'failed' | 'switch_off';
  /** Only with `retry`. */
  readonly nextAttemptAt: Date | null;
  /** What a step was waiting for, where it was. */
  readonly value?: unknown;
}

const STATUS_AFTER = {
  delivered: 'succeeded',
  retry: 'failed',
  exhausted: 'exhausted',
  failed: 'exhausted',
  switch_off: 'exhausted',
} as const;

/** Writes the attempt's row and what it means for the delivery. */
export async function finishDeliveryAttempt(trx: Trx, ref: DeliveryRef, done: FinishedAttempt): Promise<void> {
  await sql`
    insert into app.webhook_delivery_attempts
      (delivery_id, attempt, occurred_at, request_id, response_status, duration_ms, response_snippet, error, fault,
       remote_address, response_headers, decision)
    values (${ref.deliveryId}, ${done.attempt}, ${done.at}, ${done.requestId}, ${done.status}, ${done.durationMs},
      ${done.responseSnippet}, ${done.error}, ${done.fault}, ${done.remoteAddress},
      ${JSON.stringify(done.responseHeaders)}::jsonb, ${done.decision})
  `.execute(trx);
  await sql`
    update app.webhook_deliveries set status = ${STATUS_AFTER[done.decision]}, last_response_status = ${done.status},
      last_response_ms = ${done.durationMs}, last_error = ${done.error}, next_attempt_at = ${done.nextAttemptAt},
      delivered_at = case when ${done.decision} = 'delivered' then ${done.at}::timestamptz end,
      response_value = ${done.value === undefined ? null : JSON.stringify(done.value)}::jsonb
    where id = ${ref.deliveryId} and replays = ${ref.run} and status in ('pending', 'failed')
  `.execute(trx);
}

/** What a step's delivery has come to. */
export interface StepDelivery {
  readonly status: 'pending' | 'failed' | 'succeeded' | 'exhausted' | 'cancelled';
  readonly error: string | null;
  /** What the receiver answered, where that was JSON. */
  readonly value: unknown;
  readonly createdAt: Date;
}

export async function findStepDelivery(trx: Trx, idempotencyKey: string): Promise<StepDelivery | null> {
  const { rows } = await sql<StepDelivery>`
    select status, last_error as error, response_value as value, created_at as "createdAt"
    from app.webhook_deliveries where idempotency_key = ${idempotencyKey}
  `.execute(trx);
  return rows[0] ?? null;
}
