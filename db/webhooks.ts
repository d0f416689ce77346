import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** An endpoint as people see it: no secret. */
export interface WebhookRow {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly events: string[];
  readonly signature: 'hmac' | 'ed25519';
  readonly isActive: boolean;
  readonly isOrdered: boolean;
  readonly failureCount: number;
  readonly failingSince: Date | null;
  readonly disabledAt: Date | null;
  readonly disabledReason: string | null;
}

const COLUMNS = sql`id, name, url, events, signature, is_active as "isActive", is_ordered as "isOrdered",
  failure_count as "failureCount", failing_since as "failingSince", disabled_at as "disabledAt",
  disabled_reason as "disabledReason"`;

export interface NewWebhook {
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly signature: 'hmac' | 'ed25519';
  readonly secret: Buffer;
  readonly secretKeyId: string;
  readonly headers: Buffer | null;
  readonly isOrdered: boolean;
}

/** Adds an endpoint. Null where the organization has one of that name already. */
export async function addWebhook(trx: Trx, webhook: NewWebhook): Promise<WebhookRow | null> {
  const { rows } = await sql<WebhookRow>`
    insert into app.webhooks
      (name, url, events, signature, secret_ciphertext, secret_key_id, headers_ciphertext, is_ordered)
    values (${webhook.name}, ${webhook.url}, ${webhook.events}, ${webhook.signature}, ${webhook.secret},
      ${webhook.secretKeyId}, ${webhook.headers}, ${webhook.isOrdered})
    on conflict (organization_id, name) where removed_at is null do nothing
    returning ${COLUMNS}
  `.execute(trx);
  return rows[0] ?? null;
}

/** @param removed those that were removed, instead of those that are there */
export async function listWebhooks(trx: Trx, removed = false): Promise<WebhookRow[]> {
  const { rows } = await sql<WebhookRow>`
    select ${COLUMNS} from app.webhooks where (removed_at is not null) = ${removed} order by name, removed_at desc
  `.execute(trx);
  return rows;
}

/** By id or by name; of several that were removed under one name the latest. */
export async function findWebhook(trx: Trx, idOrName: string, removed = false): Promise<WebhookRow | null> {
  const { rows } = await sql<WebhookRow>`
    select ${COLUMNS} from app.webhooks
     where (removed_at is not null) = ${removed} and (id::text = ${idOrName} or name = ${idOrName})
     order by id::text = ${idOrName} desc, removed_at desc limit 1
  `.execute(trx);
  return rows[0] ?? null;
}

/** Takes an endpoint out of use, with everything that is secret about it. */
export async function markWebhookRemoved(trx: Trx, id: string, at: Date): Promise<void> {
  await sql`
    update app.webhooks set removed_at = ${at}, is_active = false, disabled_at = coalesce(disabled_at, ${at}),
      disabled_reason = 'Removed by a person.', secret_ciphertext = '', previous_secret_ciphertext = null,
      previous_secret_until = null, headers_ciphertext = null
    where id = ${id}
  `.execute(trx);
}

/** Takes a removed endpoint into use again; what failed before does not count against it any more. */
export async function restoreWebhook(
  trx: Trx,
  id: string,
  { secret, secretKeyId }: Pick<NewWebhook, 'secret' | 'secretKeyId'>,
): Promise<void> {
  await sql`
    update app.webhooks set removed_at = null, is_active = true, disabled_at = null, disabled_reason = null,
      failing_since = null, failure_count = 0, warnings = 0, secret_ciphertext = ${secret},
      secret_key_id = ${secretKeyId}
    where id = ${id}
  `.execute(trx);
}

/** Changes what is given of an endpoint; what waits for it goes to the new address. */
export async function changeWebhook(
  trx: Trx,
  id: string,
  change: {
    readonly url?: string | undefined;
    readonly events?: readonly string[] | undefined;
    readonly isOrdered?: boolean | undefined;
  },
): Promise<void> {
  await sql`
    update app.webhooks set url = coalesce(${change.url ?? null}, url),
      events = coalesce(${change.events ?? null}::text[], events),
      is_ordered = coalesce(${change.isOrdered ?? null}::boolean, is_ordered)
    where id = ${id}
  `.execute(trx);
}

/** The sealed secrets of an endpoint, for a rotation; its row is held until the transaction ends. */
export async function lockWebhookSecret(trx: Trx, id: string): Promise<{ secret: Buffer } | null> {
  const { rows } = await sql<{ secret: Buffer }>`
    select secret_ciphertext as secret from app.webhooks where id = ${id} for update
  `.execute(trx);
  return rows[0] ?? null;
}

export interface RotatedSecret {
  readonly secret: Buffer;
  readonly secretKeyId: string;
  readonly previous: { readonly secret: Buffer; readonly until: Date } | null;
}

export async function setWebhookSecret(trx: Trx, id: string, rotated: RotatedSecret): Promise<void> {
  await sql`
    update app.webhooks set secret_ciphertext = ${rotated.secret}, secret_key_id = ${rotated.secretKeyId},
      previous_secret_ciphertext = ${rotated.previous?.secret ?? null},
      previous_secret_until = ${rotated.previous?.until ?? null}
    where id = ${id}
  `.execute(trx);
}

/** Switched on by a person: what failed before does not count against it any more. */
export async function switchWebhook(trx: Trx, id: string, on: boolean, reason: string | null, at: Date): Promise<void> {
  await sql`
    update app.webhooks set is_active = ${on}, disabled_at = ${on ? null : at}, disabled_reason = ${on ? null : reason},
      failing_since = null, failure_count = 0, warnings = 0
    where id = ${id}
  `.execute(trx);
}

/** The health of an endpoint after an attempt; `warnings` counts those the owner had since it began to fail. */
export async function noteWebhookHealth(
  trx: Trx,
  id: string,
  health: { failingSince: Date | null; warnings: number },
): Promise<void> {
  await sql`
    update app.webhooks set failing_since = ${health.failingSince}, warnings = ${health.warnings},
      failure_count = case when ${health.failingSince}::timestamptz is null then 0 else failure_count + 1 end
    where id = ${id} and (failure_count > 0 or ${health.failingSince}::timestamptz is not null)
  `.execute(trx);
}

/** Tells the owners something about an endpoint, once for each key. */
export async function tellOwners(trx: Trx, dedupKey: string, title: string, body: string): Promise<void> {
  await sql`
    insert into app.notifications (dedup_key, kind, title, body, recipient_role)
    values (${dedupKey}, 'webhook', ${title}, ${body}, 'owner')
    on conflict (organization_id, dedup_key) do nothing
  `.execute(trx);
}

/** So many rows are changed by one statement. */
const BATCH = 10_000;

export type ReplayChoice =
  | { readonly deliveryId: string }
  /** All that was not delivered, of one endpoint or all, whose event came in that time. */
  | {
      readonly webhookId: string | null;
      readonly since: Date;
      readonly until: Date | null;
      readonly onlyFailed: boolean;
    };

/**
 * Has deliveries made again, under the same id: a receiver that has one already can tell. Those of the ladder start it
 * anew; those of an endpoint that was removed stay as they are. Answers with how many.
 */
export async function replayDeliveries(trx: Trx, choice: ReplayChoice): Promise<number> {
  const which =
    'deliveryId' in choice
      ? sql`d.id = ${choice.deliveryId}`
      : sql`d.created_at >= ${choice.since} and (${choice.until}::timestamptz is null or d.created_at < ${choice.until})
            and (${choice.webhookId}::uuid is null or d.webhook_id = ${choice.webhookId})
            and (not ${choice.onlyFailed} or d.status in ('failed', 'exhausted', 'cancelled'))`;
  let replayed = 0;
  for (let after = '0'; ;) {
    const { rows } = await sql<{ sequence: string }>`
      update app.webhook_deliveries d set status = 'pending', delivered_at = null, next_attempt_at = null,
        dispatched_at = null, locked_until = null, replays = replays + 1, replay_base = attempt_count
      where id in (select d.id from app.webhook_deliveries d where ${which} and d.sequence > ${after}::bigint
                      and not exists (select from app.webhooks w where w.id = d.webhook_id and w.removed_at is not null)
                    order by d.sequence limit ${BATCH})
      returning sequence::text
    `.execute(trx);
    replayed += rows.length;
    if (rows.length < BATCH) return replayed;
    after = rows.reduce((last, { sequence }) => (BigInt(sequence) > BigInt(last) ? sequence : last), after);
  }
}

export interface DeliveryRow {
  readonly id: string;
  readonly webhook: string | null;
  readonly eventType: string;
  readonly status: string;
  readonly attempts: number;
  readonly lastResponseStatus: number | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly deliveredAt: Date | null;
  readonly nextAttemptAt: Date | null;
}

export async function listDeliveries(
  trx: Trx,
  filter: { webhookId: string | null; status: string | null; limit: number },
): Promise<DeliveryRow[]> {
  const { rows } = await sql<DeliveryRow>`
    select d.id, w.name as webhook, d.event_type as "eventType", d.status, d.attempt_count as attempts,
      d.last_response_status as "lastResponseStatus", d.last_error as "lastError", d.created_at as "createdAt",
      d.delivered_at as "deliveredAt", d.next_attempt_at as "nextAttemptAt"
    from app.webhook_deliveries d
      left join app.webhooks w on w.organization_id = d.organization_id and w.id = d.webhook_id
    where (${filter.webhookId}::uuid is null or d.webhook_id = ${filter.webhookId})
      and (${filter.status}::text is null or d.status = ${filter.status})
    order by d.sequence desc limit ${filter.limit}
  `.execute(trx);
  return rows;
}

export interface AttemptRow {
  readonly attempt: number;
  readonly at: Date;
  readonly status: number | null;
  readonly durationMs: number | null;
  readonly error: string | null;
  readonly decision: string;
  readonly responseSnippet: string | null;
}

export async function listAttempts(trx: Trx, deliveryId: string): Promise<AttemptRow[]> {
  const { rows } = await sql<AttemptRow>`
    select attempt, occurred_at as at, response_status as status, duration_ms as "durationMs", error, decision,
      response_snippet as "responseSnippet"
    from app.webhook_delivery_attempts where delivery_id = ${deliveryId} order by attempt, occurred_at
  `.execute(trx);
  return rows;
}
