import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** Holds whoever writes about the same couple from outside, so that two messages do not make it twice. */
export async function lockOutsideClient(trx: Trx, word: string): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(hashtextextended(app.current_org_id()::text || '/client/' || ${word}, 0))
  `.execute(trx);
}

export interface FoundClient {
  readonly id: string;
  /** By what another program knows it; null where none has said so. */
  readonly externalId: string | null;
}

/** The clients that the sender's id or an address belongs to; by the id there is one at most. */
export async function findOutsideClients(
  trx: Trx,
  { externalId, email }: { externalId: string | null; email: string | null },
): Promise<FoundClient[]> {
  const { rows: byId } = await sql<FoundClient>`
    select id, external_id as "externalId" from app.clients
    where external_id = ${externalId} and deleted_at is null for update
  `.execute(trx);
  if (byId.length > 0 || email === null) return byId;
  const { rows } = await sql<FoundClient>`
    select c.id, c.external_id as "externalId" from app.clients c where c.deleted_at is null and c.status not in ('cancelled', 'archived')
      and exists (select from app.client_contacts k where k.client_id = c.id and k.contact_type = 'email'
                    and k.value_normalized = ${email})
    order by c.created_at for update
  `.execute(trx);
  return rows;
}

export interface OutsideClient {
  readonly externalId: string | null;
  readonly partner1Name?: string | undefined;
  readonly partner2Name?: string | undefined;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly weddingOn?: string | undefined;
  readonly status?: string | undefined;
  readonly venue?: string | undefined;
  readonly guestCount?: number | undefined;
  readonly addTags?: readonly string[] | undefined;
  readonly dates?: Readonly<Record<string, string>> | undefined;
  readonly custom?: Readonly<Record<string, unknown>> | undefined;
}

/** Makes a client of what another program knows. Its addresses come in the same statement, before any journey looks. */
export async function addOutsideClient(trx: Trx, client: OutsideClient): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into app.clients (external_id, status, partner_1_name) values (${client.externalId}, 'lead', '') returning id
  `.execute(trx);
  const id = rows[0]?.id ?? '';
  await changeOutsideClient(trx, id, client);
  return id;
}

/** Changes only what the message says; what it is silent about stays. */
export async function changeOutsideClient(trx: Trx, id: string, client: OutsideClient): Promise<void> {
  for (const [type, value] of [
    ['email', client.email],
    ['phone', client.phone],
  ] as const) {
    if (value === undefined) continue;
    await sql`
      insert into app.client_contacts (client_id, role, name, contact_type, contact_value, is_primary)
      select ${id}, 'partner_1', ${client.partner1Name ?? null}, ${type}, ${value},
        not exists (select from app.client_contacts k where k.client_id = ${id} and k.contact_type = ${type}
          and k.is_primary)
      where not exists (select from app.client_contacts k where k.client_id = ${id} and k.contact_type = ${type}
        and k.value_normalized = lower(${value}))
    `.execute(trx);
  }
  await sql`
    update app.clients c set
      external_id = coalesce(c.external_id, ${client.externalId}),
      partner_1_name = coalesce(${client.partner1Name ?? null}, c.partner_1_name),
      partner_2_name = coalesce(${client.partner2Name ?? null}, c.partner_2_name),
      wedding_date = coalesce(${client.weddingOn ?? null}::date, c.wedding_date),
      status = coalesce(${client.status ?? null}, c.status),
      venue = coalesce(${client.venue ?? null}, c.venue),
      guest_count = coalesce(${client.guestCount ?? null}::integer, c.guest_count),
      tags = array(select tag from unnest(c.tags || ${client.addTags ?? []}::text[]) with ordinality as t (tag, place)
                    group by tag order by min(place)),
      key_dates = c.key_dates || ${JSON.stringify(client.dates ?? {})}::jsonb,
      metadata = c.metadata || ${JSON.stringify(client.custom ?? {})}::jsonb
    where c.id = ${id}
  `.execute(trx);
}

/** A custom event of a couple, told once for each key. */
export async function addOutsideEvent(
  trx: Trx,
  event: { clientId: string; name: string; data: unknown; at: Date; dedupKey: string },
): Promise<void> {
  await sql`
    insert into app.client_events (client_id, name, occurred_at, data, source, dedup_key)
    values (${event.clientId}, ${event.name}, ${event.at}, ${JSON.stringify(event.data)}::jsonb, 'webhook',
      ${event.dedupKey})
    on conflict (organization_id, dedup_key) where dedup_key is not null do nothing
  `.execute(trx);
}

export interface OutsidePayment {
  readonly clientId: string;
  /** The sender's own name for it. */
  readonly reference: string;
  readonly kind: string;
  readonly status: string;
  readonly amount: number;
  readonly currency: string;
  readonly dueOn?: string | undefined;
  /** The day it was paid, in the organization's zone; absent: now. */
  readonly paidOn?: string | undefined;
  readonly amountRefunded?: number | undefined;
  /** The number of the couple's invoice that it is for. */
  readonly invoice?: string | undefined;
}

/**
 * Adds or changes a payment by the sender's reference; else takes the couple's open payment of that kind and amount. A
 * payment never goes back: late news of an earlier state changes nothing.
 */
export async function putOutsidePayment(trx: Trx, payment: OutsidePayment): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select p.id from app.payments p where p.client_id = ${payment.clientId}
      and (p.metadata ->> 'reference' = ${payment.reference}
        or (p.kind = ${payment.kind} and p.amount = ${payment.amount} and p.status in ('pending', 'failed')
            and not p.metadata ? 'reference'))
    order by p.metadata ->> 'reference' = ${payment.reference} desc nulls last, p.due_on nulls last, p.id
    limit 1 for update
  `.execute(trx);
  const reference = JSON.stringify({ reference: payment.reference });
  const { status, amountRefunded = null } = payment;
  const isPaid = ['succeeded', 'partially_refunded', 'refunded'].includes(status);
  const paidAt = sql`case when ${isPaid} then (select (${payment.paidOn ?? null}::date + time '12:00') at time zone o.timezone
    from app.organizations o where o.id = app.current_org_id()) end`;
  const invoiceId = sql`(select i.id from app.invoices i
    where i.invoice_number = ${payment.invoice ?? null} and i.client_id = ${payment.clientId})`;
  const [known] = rows;
  if (known === undefined) {
    await sql`
      insert into app.payments (client_id, kind, status, amount, amount_refunded, currency, due_on, paid_at, invoice_id,
        metadata)
      values (${payment.clientId}, ${payment.kind}, ${status}, ${payment.amount}, coalesce(${amountRefunded}::integer, 0),
        ${payment.currency}, ${payment.dueOn ?? null}, ${paidAt}, ${invoiceId}, ${reference}::jsonb)
    `.execute(trx);
    return;
  }
  await sql`
    update app.payments p set metadata = p.metadata || ${reference}::jsonb,
      due_on = coalesce(${payment.dueOn ?? null}::date, p.due_on),
      invoice_id = coalesce(${invoiceId}, p.invoice_id),
      paid_at = coalesce(p.paid_at, ${paidAt}),
      amount_refunded = greatest(p.amount_refunded, least(p.amount, coalesce(${amountRefunded}::integer, 0))),
      status = case when array_position(${ORDER}::text[], ${status}) > array_position(${ORDER}::text[], p.status)
        then ${status} else p.status end
    where p.id = ${known.id}
  `.execute(trx);
}

export async function hasInvoice(trx: Trx, clientId: string, number: string): Promise<boolean> {
  const { rows } = await sql`
    select from app.invoices where client_id = ${clientId} and invoice_number = ${number}
  `.execute(trx);
  return rows.length > 0;
}

const ORDER = ['pending', 'failed', 'cancelled', 'succeeded', 'partially_refunded', 'refunded'];
