import { sql, type RawBuilder } from 'kysely';

import type { PlannedStep } from '../journeys/plan.ts';

import type { Database } from './database.ts';
import { attemptRow } from './step-effects.ts';
import { callAsTenant, type TenantContext, type Trx } from './tenant.ts';

export type OutgoingStatus =
  | 'draft'
  | 'queued'
  | 'held'
  | 'sending'
  | 'sent'
  | 'delivered'
  | 'bounced'
  | 'complained'
  | 'failed'
  | 'suppressed'
  | 'skipped'
  | 'cancelled'
  | 'unknown';

/** One message in the queue, or as far as an earlier attempt got with it. */
export interface QueuedOutgoing {
  readonly id: string;
  readonly status: OutgoingStatus;
  /** How often it was claimed. */
  readonly attempts: number;
  /** When it was claimed last. */
  readonly claimedAt: Date | null;
}

export interface NewOutgoing {
  readonly clientId: string;
  readonly contactId: string;
  readonly executionId: string;
  readonly key: string;
  readonly occurrence: number;
  readonly templateId: string;
  readonly type: 'email' | 'sms' | 'whatsapp';
  readonly purpose: 'transactional' | 'service' | 'marketing';
  readonly recipient: string;
  readonly recipientRole: string;
  readonly subject: string | null;
  readonly content: string;
  readonly ifUnknown: 'assume_sent' | 'resend_once' | 'ask';
  /** The recipient's local day on which it goes, for the daily cap. */
  readonly localOn: string;
  /** ISO instant. */
  readonly queuedAt: string;
  /** As how many messages a text is paid; null where it is not counted so. */
  readonly segments: number | null;
  /** In millionths of the account's currency. */
  readonly costMicros: number | null;
}

/**
 * Puts a message in the queue, or finds the one that this effect put there before: the key names execution, step,
 * occurrence and recipient, and nothing of the attempt.
 *
 * @returns its id and status; anything but `queued` means that an earlier attempt got further
 */
export async function queueOutgoing(trx: Trx, message: NewOutgoing, stepExecutionId: string): Promise<QueuedOutgoing> {
  const { rows } = await sql<QueuedOutgoing>`/* queue_message */
    with step as (select ${stepExecutionId}::uuid as id) ${queuedRow(message)}
    returning c.id, c.status, c.attempts, c.send_claimed_at as "claimedAt"
  `.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new Error('The database answered an insert without a row.');
  return row;
}

/**
 * Notes that an attempt of the step begins, and queues its first message, in one statement.
 *
 * @param at ISO instant
 * @param isLast nothing follows in this transaction: it is committed with this statement
 * @returns null where the step has ended meanwhile
 */
export async function beginAndQueue(
  trx: Trx,
  line: PlannedStep,
  at: string,
  message: NewOutgoing,
  { isLast }: { isLast: boolean },
): Promise<{ attempt: { stepExecutionId: string; attempts: number }; row: QueuedOutgoing } | null> {
  const { rows } = await sql<
    QueuedOutgoing & { stepExecutionId: string; stepAttempts: number }
  >`/* begin_send${sql.raw(isLast ? ' last' : '')} */
    with step as (${attemptRow(message.executionId, line, at)}) ${queuedRow(message)}
    returning c.id, c.status, c.attempts, c.send_claimed_at as "claimedAt",
      (select id from step) as "stepExecutionId", (select attempts from step) as "stepAttempts"
  `.execute(trx);
  const [found] = rows;
  if (found === undefined) return null;
  const { stepExecutionId, stepAttempts, ...row } = found;
  return { attempt: { stepExecutionId, attempts: stepAttempts }, row };
}

/** The row of a message of the step whose id is `step.id`. */
function queuedRow(message: NewOutgoing): RawBuilder<unknown> {
  const idempotencyKey = [message.executionId, message.key, message.occurrence, message.contactId].join('/');
  return sql`
    insert into app.communications as c
      (client_id, contact_id, execution_id, step_execution_id, step_key, occurrence, template_id, idempotency_key, type,
       direction, purpose, recipient, recipient_hash, recipient_role, subject, content, content_sha256, status,
       if_unknown, queued_at, local_on, segments, cost_micros)
    select ${message.clientId}::uuid, ${message.contactId}::uuid, ${message.executionId}::uuid, step.id,
      ${message.key}, ${message.occurrence}::integer, ${message.templateId}::uuid, ${idempotencyKey}, ${message.type},
      'outbound', ${message.purpose}, ${message.recipient},
      app.address_hash(app.current_org_id(), lower(${message.recipient})), ${message.recipientRole}, ${message.subject},
      ${message.content}, sha256(convert_to(${message.content}, 'UTF8')), 'queued', ${message.ifUnknown},
      ${message.queuedAt}::timestamptz, ${message.localOn}::date, ${message.segments}::integer,
      ${message.costMicros}::bigint
    from step
    on conflict (organization_id, idempotency_key) do update set
      -- What a hold called back has its turn again.
      status = case when c.status = 'held' then 'queued' else c.status end,
      -- A planned retry sends what it would say today; what may have left stays as it was.
      template_id = case when c.status in ('queued', 'held') then excluded.template_id else c.template_id end,
      subject = case when c.status in ('queued', 'held') then excluded.subject else c.subject end,
      content = case when c.status in ('queued', 'held') then excluded.content else c.content end,
      content_sha256 = case when c.status in ('queued', 'held') then excluded.content_sha256 else c.content_sha256 end,
      local_on = case when c.status in ('queued', 'held') then excluded.local_on else c.local_on end,
      segments = case when c.status in ('queued', 'held') then excluded.segments else c.segments end,
      cost_micros = case when c.status in ('queued', 'held') then excluded.cost_micros else c.cost_micros end`;
}

/** What the last look before a message leaves says: only `claimed` lets it go. */
export type Claim = 'claimed' | 'lost' | 'stopped' | 'suppressed' | 'no_consent';

/**
 * The claim: from here on the message may have left. Exactly one attempt gets it, and none after somebody opted out.
 *
 * @param at ISO instant
 */
export async function claimOutgoing(
  database: Database,
  context: TenantContext,
  id: string,
  at: string,
): Promise<Claim> {
  return callAsTenant<Claim>(database, context, 'app.claim_message_for', id, at);
}

/**
 * The day on which a message has its place under the limits, today where there is one.
 *
 * @param days civil dates from today on, with the most messages on each; null: no limit of the organization
 * @returns null where none of the days has a place
 */
export async function takeSendingPlace(
  trx: Trx,
  id: string,
  wanted: {
    days: readonly string[];
    limits: readonly (number | null)[];
    provider: string | null;
    isUrgent: boolean;
  },
): Promise<string | null> {
  const { rows } = await sql<{ day: string | null }>`
    select app.take_sending_place(${id}, ${[...wanted.days]}::date[], ${[...wanted.limits]}::integer[],
      ${wanted.provider}, ${wanted.isUrgent})::text as day
  `.execute(trx);
  return rows[0]?.day ?? null;
}

export interface OutgoingResult {
  readonly status: 'sent' | 'failed' | 'queued' | 'unknown';
  readonly provider: string;
  readonly providerId?: string | undefined;
  readonly code?: string | undefined;
  readonly detail: string;
  /** ISO instant. */
  readonly at: string;
}

/** Writes down what the provider said. A receipt that came first (`delivered`, `bounced`) is not overwritten. */
export async function settleOutgoing(trx: Trx, id: string, result: OutgoingResult): Promise<void> {
  const { status, at } = result;
  const good = status === 'sent';
  await sql`/* settle_message ahead */
    update app.communications set
      status = ${status}::text, provider = ${result.provider},
      provider_message_id = coalesce(${result.providerId ?? null}, provider_message_id),
      sent_at = case when ${good}::boolean then ${at}::timestamptz else sent_at end,
      failed_at = case when ${status}::text = 'failed' then ${at}::timestamptz end,
      error_code = ${good ? null : (result.code ?? null)}, error_message = ${good ? null : result.detail}
    where id = ${id} and status in ('queued', 'sending', 'unknown')
  `.execute(trx);
}

/** What is still in the queue of a step that has ended all the same, because others of it were sent: nobody took it. */
export async function giveUpQueued(
  trx: Trx,
  step: { executionId: string; key: string; occurrence: number; at: string },
): Promise<void> {
  await sql`
    update app.communications set status = 'failed', failed_at = ${step.at}::timestamptz
    where execution_id = ${step.executionId} and step_key = ${step.key} and occurrence = ${step.occurrence}
      and status = 'queued'
  `.execute(trx);
}

/**
 * After an unknown outcome the message may go once more: it is queued again, if it was not before and no receipt came.
 *
 * @param claimedBefore ISO instant: a receipt for what was claimed later may still be on its way
 */
export async function requeueUnknown(trx: Trx, id: string, claimedBefore: string): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    update app.communications set status = 'queued'
    where id = ${id} and status = 'unknown' and attempts < 2 and send_claimed_at <= ${claimedBefore}
    returning id
  `.execute(trx);
  return rows.length === 1;
}
