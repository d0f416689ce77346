import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

export interface FormLink {
  readonly id: string;
  readonly organizationId: string;
  readonly formId: string;
  readonly clientId: string;
}

/** Whose link this is. Needs no tenant. */
export async function findFormLink(trx: Trx, token: string): Promise<FormLink | null> {
  const { rows } = await sql<FormLink>`
    select id, organization_id as "organizationId", form_id as "formId", client_id as "clientId"
    from app.find_form_link(${token})
  `.execute(trx);
  return rows[0] ?? null;
}

/** The token of a couple's link to a published form; null where there is no such form. */
export async function formLinkToken(trx: Trx, slug: string, clientId: string): Promise<string | null> {
  const { rows } = await sql<{ token: string | null }>`select app.form_link(${slug}, ${clientId}) as token`.execute(
    trx,
  );
  return rows[0]?.token ?? null;
}

export interface NewFormVersion {
  readonly slug: string;
  readonly name: string;
  readonly definition: { readonly fields: readonly FormFieldRow[] };
}

interface FormFieldRow {
  readonly key: string;
  readonly label: string;
  readonly type: string;
  readonly required: boolean;
  readonly options?: readonly string[] | undefined;
  readonly core?: string | undefined;
}

/** Freezes a definition as the next version of a form, which is made where there is none of that slug. */
export async function publishFormVersion(
  trx: Trx,
  form: NewFormVersion,
): Promise<{ formId: string; formVersionId: string; version: number }> {
  // Written before it is read, so that two publications at once follow each other.
  const { rows: forms } = await sql<{ id: string; version: number }>`
    insert into app.forms as f (slug, name, status, published_version)
    values (${form.slug}, ${form.name}, 'published', 1)
    on conflict (organization_id, slug) do update set name = excluded.name, status = 'published',
      published_version = coalesce(f.published_version, 0) + 1
    returning id, published_version as version
  `.execute(trx);
  const [row] = forms;
  if (row === undefined) throw new Error('The form was neither made nor found.');
  const { rows: versions } = await sql<{ id: string }>`
    insert into app.form_versions (form_id, version, definition)
    values (${row.id}, ${row.version}, ${JSON.stringify(form.definition)}::jsonb) returning id
  `.execute(trx);
  const formVersionId = versions[0]?.id ?? '';
  const fields = form.definition.fields.map((field, place) => ({ ...field, place }));
  await sql`
    insert into app.form_fields (form_version_id, field_key, label, field_type, is_required, options, sort_order)
    select ${formVersionId}, f.key, f.label, f.type, f.required, coalesce(f.options, '[]'), f.place
    from jsonb_to_recordset(${JSON.stringify(fields)}::jsonb)
      as f (key text, label text, type text, required boolean, options jsonb, place integer)
  `.execute(trx);
  await sql`delete from app.field_mappings where form_id = ${row.id}`.execute(trx);
  await sql`
    insert into app.field_mappings (form_id, field_key, core_field_key)
    select ${row.id}, f.key, f.core from jsonb_to_recordset(${JSON.stringify(fields)}::jsonb) as f (key text, core text)
    where f.core is not null
  `.execute(trx);
  return { formId: row.id, formVersionId, version: row.version };
}

/** A form as one couple finds it. */
export interface OpenForm {
  readonly organizationName: string;
  readonly formVersionId: string;
  readonly definition: unknown;
  readonly submission: {
    readonly status: 'draft' | 'submitted' | 'archived';
    readonly answers: Record<string, unknown>;
    readonly submittedAt: Date | null;
  } | null;
  /** What is known already, by common field. */
  readonly core: Record<string, unknown>;
}

/**
 * The form with what the couple answered so far: by the version the answers were begun with, else the published one.
 * Null where it is not published any more and nothing was begun.
 */
export async function loadOpenForm(
  trx: Trx,
  { formId, clientId }: Pick<FormLink, 'formId' | 'clientId'>,
): Promise<OpenForm | null> {
  const { rows } = await sql<OpenForm>`
    with latest as (
      select s.status, s.answers, s.submitted_at, s.form_version_id from app.form_submissions s
       where s.form_id = ${formId} and s.client_id = ${clientId} and s.status <> 'archived'
       order by s.status = 'draft' desc, s.submitted_at desc nulls last limit 1)
    select o.name as "organizationName", v.id as "formVersionId", v.definition,
      (select jsonb_build_object('status', l.status, 'answers', l.answers, 'submittedAt', l.submitted_at) from latest l)
        as submission,
      jsonb_strip_nulls(jsonb_build_object('wedding_date', c.wedding_date, 'venue', c.venue, 'guest_count', c.guest_count,
          'ceremony_time', to_char(c.wedding_time, 'HH24:MI')))
        || coalesce((select jsonb_object_agg(s.field_key, s.value) from app.shared_core_field_values s
                      where s.client_id = c.id), '{}') as core
    from app.forms f
      join app.organizations o on o.id = f.organization_id
      join app.clients c on c.id = ${clientId}
      left join latest l on true
      join app.form_versions v on v.form_id = f.id
        and v.id = coalesce(l.form_version_id, (select p.id from app.form_versions p where p.form_id = f.id
          and p.version = f.published_version))
    where f.id = ${formId} and f.deleted_at is null and (f.status = 'published' or l.status is not null)
  `.execute(trx);
  const [row] = rows;
  if (row === undefined) return null;
  const { submission } = row;
  const submittedAt = submission?.submittedAt ?? null;
  return {
    ...row,
    submission: submission === null ? null : { ...submission, submittedAt: submittedAt && new Date(submittedAt) },
  };
}

export async function noteFormOpened(trx: Trx, linkId: string): Promise<void> {
  await sql`update app.form_links set opened_at = now() where id = ${linkId} and opened_at is null`.execute(trx);
}

export interface KeptAnswers {
  readonly formId: string;
  readonly formVersionId: string | null;
  readonly clientId: string;
  readonly answers: unknown;
  readonly isFinal: boolean;
  /** The sender's own key, where the answers come from another program. */
  readonly dedupKey?: string;
}

/**
 * Keeps answers: the open draft is changed, or made. Final ones end it; answers that were sent stay as they are.
 *
 * @returns false where they had been sent before
 */
export async function keepAnswers(trx: Trx, kept: KeptAnswers): Promise<boolean> {
  // Two clicks, or both partners at once: one after the other.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`form/${kept.formId}/${kept.clientId}`}, 0))`.execute(trx);
  const { rows: sent } = await sql`
    select from app.form_submissions where form_id = ${kept.formId} and client_id = ${kept.clientId}
      and status = 'submitted'
  `.execute(trx);
  if (sent.length > 0) return false;
  const status = kept.isFinal ? 'submitted' : 'draft';
  const answers = JSON.stringify(kept.answers);
  const { numAffectedRows = 0n } = await sql`
    update app.form_submissions set answers = ${answers}::jsonb, status = ${status},
      form_version_id = coalesce(form_version_id, ${kept.formVersionId})
    where form_id = ${kept.formId} and client_id = ${kept.clientId} and status = 'draft'
  `.execute(trx);
  if (numAffectedRows > 0n) return true;
  await sql`
    insert into app.form_submissions (form_id, form_version_id, client_id, answers, status, dedup_key)
    values (${kept.formId}, ${kept.formVersionId}, ${kept.clientId}, ${answers}::jsonb, ${status},
      ${kept.dedupKey ?? null})
  `.execute(trx);
  return true;
}

/** Writes a common field of a couple; a trigger keeps its history and shares it. */
export async function putCoreField(
  trx: Trx,
  field: { clientId: string; key: string; value: unknown; source: 'supplier' | 'couple' | 'form' | 'import' | 'api' },
): Promise<void> {
  await sql`
    insert into app.core_field_values as v (client_id, field_key, value, source)
    values (${field.clientId}, ${field.key}, ${JSON.stringify(field.value)}::jsonb, ${field.source})
    on conflict (organization_id, client_id, field_key) do update set value = excluded.value, source = excluded.source
    where v.value is distinct from excluded.value
      -- What a supplier only noted becomes the couple's word when the couple says the same, and is shared from then on.
      or (excluded.source in ('couple', 'form') and v.source not in ('couple', 'form'))
  `.execute(trx);
}

/** The published form of a slug, by its newest version. */
export async function findPublishedForm(
  trx: Trx,
  slug: string,
): Promise<{ formId: string; formVersionId: string; definition: unknown } | null> {
  const { rows } = await sql<{ formId: string; formVersionId: string; definition: unknown }>`
    select f.id as "formId", v.id as "formVersionId", v.definition
    from app.forms f join app.form_versions v on v.form_id = f.id and v.version = f.published_version
    where f.slug = ${slug} and f.status = 'published' and f.deleted_at is null
  `.execute(trx);
  return rows[0] ?? null;
}
