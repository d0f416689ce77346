import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

export const CORE_FIELD_TYPES = [
  'text',
  'number',
  'date',
  'time',
  'boolean',
  'email',
  'phone',
  'address',
  'list',
] as const;
export const CORE_FIELD_CATEGORIES = ['general', 'guests', 'budget'] as const;

/** A common field about a wedding: the platform's, which couples share, or one that the organization added for itself. */
export interface CoreField {
  readonly key: string;
  readonly label: string;
  readonly type: (typeof CORE_FIELD_TYPES)[number];
  /** Which of the couple's choices decides whether it is shared. */
  readonly category: (typeof CORE_FIELD_CATEGORIES)[number];
  readonly isOwn: boolean;
}

/** The platform's fields and the organization's own. An own one of the same key stands for the platform's. */
export async function coreFields(trx: Trx): Promise<CoreField[]> {
  const { rows } = await sql<CoreField>`
    select * from (
      select distinct on (f.field_key) f.field_key as key, f.label, f.data_type as type, f.category,
        f.organization_id is not null as "isOwn", f.sort_order as place
      from app.core_fields f order by f.field_key, f.organization_id nulls last) fields
    order by "isOwn", place, key
  `.execute(trx);
  return rows.map(({ key, label, type, category, isOwn }) => ({ key, label, type, category, isOwn }));
}

/** Adds a field of the organization's own. False: there is one of that key. */
export async function addCoreField(trx: Trx, field: Omit<CoreField, 'isOwn'>): Promise<boolean> {
  const { rows } = await sql`
    insert into app.core_fields (organization_id, field_key, label, data_type, category)
    select app.current_org_id(), ${field.key}, ${field.label}, ${field.type}, ${field.category}
    where not exists (select from app.core_fields f where f.field_key = ${field.key})
    on conflict do nothing returning id
  `.execute(trx);
  return rows.length > 0;
}

export interface CoreValue {
  readonly key: string;
  readonly value: unknown;
  readonly source: string;
  readonly version: number;
  readonly status: 'completed' | 'partial' | 'pending' | 'not_applicable';
}

/** What is known of a couple that may be used for this supplier, with how far the couple has come with each field. */
export async function coreValues(trx: Trx, clientId: string): Promise<CoreValue[]> {
  const { rows } = await sql<CoreValue>`
    select s.field_key as key, v.value, v.source,
      coalesce((select max(h.version) from app.core_field_history h
                 where h.client_id = s.client_id and h.field_key = s.field_key and v.field_key is not null), 0) as version,
      s.status
    from app.field_completion_states s
      left join app.shared_core_field_values v on v.client_id = s.client_id and v.field_key = s.field_key
    where s.client_id = ${clientId} order by s.field_key
  `.execute(trx);
  return rows;
}

export interface CoreVersion {
  readonly version: number;
  readonly value: unknown;
  readonly source: string;
  readonly actor: string;
  readonly at: Date;
}

/** Every value that a field of a couple had here, the latest first; none where the couple no longer shares it. */
export async function coreHistory(trx: Trx, clientId: string, key: string): Promise<CoreVersion[]> {
  const { rows } = await sql<CoreVersion>`
    select h.version, h.value, h.source, h.actor, h.occurred_at as at
    from app.core_field_history h
      join app.shared_core_field_values v on v.client_id = h.client_id and v.field_key = h.field_key
    where h.client_id = ${clientId} and h.field_key = ${key} order by h.version desc
  `.execute(trx);
  return rows;
}

/** Says how far a couple has come with a field, where its value does not say it. */
export async function setCompletion(
  trx: Trx,
  field: { clientId: string; key: string; status: CoreValue['status'] },
): Promise<void> {
  await sql`
    insert into app.field_completion_states as f (client_id, field_key, status)
    values (${field.clientId}, ${field.key}, ${field.status})
    on conflict (organization_id, client_id, field_key) do update set status = excluded.status
  `.execute(trx);
}
