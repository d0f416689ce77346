import { sql } from 'kysely';

import type { MessageStep } from '../journeys/definition.ts';
import type { Facts } from '../journeys/facts.ts';
import type { Trx } from './tenant.ts';

/** What the words of a message depend on besides its template, for a couple who need not be on any journey. */
export interface PreviewFacts {
  readonly clientId: string;
  readonly client: Pick<Facts['client'], 'postponed'>;
  readonly payments: Facts['payments'];
  readonly execution: Pick<Facts['execution'], 'trigger'>;
  readonly contacts: NonNullable<Facts['contacts']>;
}

/**
 * @param wanted the id of a client, or the email address of one of its people
 * @returns null where the organization has no such couple
 */
export async function loadPreviewFacts(trx: Trx, wanted: string): Promise<PreviewFacts | null> {
  const { rows } = await sql<PreviewFacts>`
    select c.id as "clientId", jsonb_build_object('postponed', c.postponed_at is not null) as client,
      coalesce((select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', p.id, 'kind', p.kind, 'dueOn', p.due_on,
          'status', p.status, 'amount', p.amount, 'currency', p.currency)) order by p.due_on nulls last, p.id)
        from app.payments p where p.client_id = c.id and p.status <> 'cancelled'), '[]') as payments,
      jsonb_build_object() as execution,
      coalesce((select jsonb_agg(jsonb_strip_nulls(to_jsonb(k)) order by k."isPrimary" desc, k.role)
        from (select x.role, (array_agg(x.id order by x.is_primary desc, x.created_at, x.id))[1] as id,
            (array_agg(x.value_normalized order by x.is_primary desc, x.created_at, x.id)
              filter (where x.contact_type = 'email'))[1] as email,
            (array_agg(x.value_normalized order by x.is_primary desc, x.created_at, x.id)
              filter (where x.contact_type = 'phone'))[1] as phone,
            min(x.locale) as locale, bool_or(x.is_primary) as "isPrimary"
          from app.client_contacts x where x.client_id = c.id group by x.role) k), '[]') as contacts
    from app.clients c
    where c.deleted_at is null and (c.id::text = ${wanted} or exists (
      select from app.client_contacts x where x.client_id = c.id and x.contact_type = 'email'
        and x.value_normalized = lower(${wanted})))
    order by c.created_at desc limit 1
  `.execute(trx);
  return rows[0] ?? null;
}

/** A step of a published journey that sends this template, which says what payment is meant; null where none does. */
export async function stepSending(trx: Trx, template: string, channel: string): Promise<MessageStep | null> {
  const { rows } = await sql<{ step: MessageStep }>`
    select step
    from app.journeys j
    join app.journey_versions v
      on v.organization_id = j.organization_id and v.journey_id = j.id and v.version = j.published_version
    cross join lateral jsonb_array_elements(
      (v.definition -> 'steps') || coalesce(v.definition -> 'closing', '[]')) with ordinality s (step, place)
    where j.deleted_at is null and step ->> 'template' = ${template} and step ->> 'type' = ${channel}
    order by j.created_at, s.place limit 1
  `.execute(trx);
  return rows[0]?.step ?? null;
}
