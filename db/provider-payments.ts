import { sql } from 'kysely';

import type { PaymentStatus } from './domain.ts';
import type { Trx } from './tenant.ts';

/** A payment as the news of a provider meets it; its row is held until the transaction ends. */
export interface KnownPayment {
  readonly id: string;
  readonly clientId: string;
  readonly kind: string;
  readonly amount: number;
  readonly status: PaymentStatus;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface PaymentSearch {
  /** The provider's keys: payment intent, charge, invoice. */
  readonly keys: readonly string[];
  readonly paymentId: string | null;
  readonly clientId: string | null;
  readonly kind: string | null;
  readonly amount: number | null;
}

const COLUMNS = sql`p.id, p.client_id as "clientId", p.kind, p.amount, p.status, p.metadata`;

/** Holds a client, so that two events about it do not both make a payment. False: there is none of that id here. */
export async function lockClient(trx: Trx, clientId: string): Promise<boolean> {
  const { rows } = await sql`select from app.clients where id = ${clientId} and deleted_at is null for update`.execute(
    trx,
  );
  return rows.length > 0;
}

/**
 * The payment that news is about: the one its key was met with before; the one it names, where the kind agrees (an id
 * may have been copied from another checkout); of the couple's payments of that kind the one that is open, has that
 * amount and is due first.
 */
export async function findProviderPayment(trx: Trx, search: PaymentSearch): Promise<KnownPayment | null> {
  const { rows } = await sql<KnownPayment>`
    with candidates as (
      select l.payment_id as id, 1 as place from app.stripe_payment_links l where l.stripe_key = any(${search.keys})
      union all
      select p.id, 2 from app.payments p where p.id::text = ${search.paymentId}
        and (${search.kind}::text is null or p.kind = ${search.kind})
        and (${search.clientId}::text is null or p.client_id::text = ${search.clientId})
      union all
      select p.id, 3 from app.payments p where p.client_id::text = ${search.clientId} and p.kind = ${search.kind}
        and p.status in ('pending', 'failed')
        and not exists (select from app.stripe_payment_links l where l.payment_id = p.id)
    )
    select ${COLUMNS} from app.payments p join candidates c on c.id = p.id
    order by c.place, (p.amount = ${search.amount}) desc nulls last, p.due_on nulls last, p.created_at, p.id
    limit 1 for update of p
  `.execute(trx);
  return rows[0] ?? null;
}

export async function addProviderPayment(
  trx: Trx,
  payment: { clientId: string; kind: string; amount: number; currency: string },
): Promise<KnownPayment> {
  const { rows } = await sql<KnownPayment>`
    insert into app.payments as p (client_id, kind, amount, currency)
    values (${payment.clientId}, ${payment.kind}, ${payment.amount}, ${payment.currency})
    returning ${COLUMNS}
  `.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new Error('The payment was not added.');
  return row;
}

export async function linkPayment(trx: Trx, paymentId: string, keys: readonly string[]): Promise<void> {
  await sql`
    insert into app.stripe_payment_links (stripe_key, payment_id)
    select key, ${paymentId} from unnest(${keys}::text[]) key
    on conflict (organization_id, stripe_key) do nothing
  `.execute(trx);
}

export interface PaymentChange {
  readonly status: PaymentStatus;
  readonly paidAt: Date | null;
  readonly amountRefunded: number;
  readonly failureCode: string | null;
  readonly intentId: string | null;
  /** Joined to what is there. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * Writes the state of a payment.
 *
 * @param newsId the provider's event, for the history of the payment: each writes one line
 */
export async function changePayment(trx: Trx, id: string, change: PaymentChange, newsId: string): Promise<void> {
  await sql`select set_config('app.stripe_event_id', ${newsId}, true)`.execute(trx);
  await sql`
    update app.payments p set status = ${change.status}, paid_at = coalesce(${change.paidAt}, p.paid_at),
      amount_refunded = ${change.amountRefunded}, failure_code = ${change.failureCode},
      metadata = p.metadata || ${JSON.stringify(change.metadata)}::jsonb,
      stripe_payment_intent_id = case
        when ${change.intentId}::text is null or exists (
          select from app.payments other where other.stripe_payment_intent_id = ${change.intentId} and other.id <> p.id)
        then p.stripe_payment_intent_id else ${change.intentId} end
    where p.id = ${id}
  `.execute(trx);
}

/** Something about a payment that the planner has no word for; journeys can start on it and wait for it. */
export async function tellPaymentEvent(
  trx: Trx,
  event: { clientId: string; name: string; paymentId: string; data: unknown; at: Date; dedupKey: string },
): Promise<void> {
  await sql`
    insert into app.client_events (client_id, name, ref, occurred_at, data, source, dedup_key)
    values (${event.clientId}, ${event.name}, ${event.paymentId}, ${event.at}, ${JSON.stringify(event.data)}::jsonb,
      'webhook', ${event.dedupKey})
    on conflict (organization_id, dedup_key) where dedup_key is not null do nothing
  `.execute(trx);
}
