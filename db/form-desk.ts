import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** A form as its supplier looks at it. */
export interface FormLine {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: 'draft' | 'published' | 'archived';
  readonly version: number | null;
  readonly drafts: number;
  readonly submitted: number;
}

/** The organization's forms, with how many couples began and sent them. */
export async function listForms(trx: Trx): Promise<FormLine[]> {
  const { rows } = await sql<FormLine>`
    select f.id, f.slug, f.name, f.status, f.published_version as version,
      count(s.id) filter (where s.status = 'draft')::int as drafts,
      count(s.id) filter (where s.status = 'submitted')::int as submitted
    from app.forms f left join app.form_submissions s on s.form_id = f.id
    where f.deleted_at is null group by f.id order by f.slug
  `.execute(trx);
  return rows;
}

export interface FormVersion {
  readonly version: number;
  readonly publishedAt: Date;
  readonly definition: unknown;
}

/** The published versions of a form, the latest first. */
export async function formVersions(trx: Trx, slug: string): Promise<FormVersion[]> {
  const { rows } = await sql<FormVersion>`
    select v.version, v.published_at as "publishedAt", v.definition
    from app.form_versions v join app.forms f on f.id = v.form_id
    where f.slug = ${slug} and f.deleted_at is null order by v.version desc
  `.execute(trx);
  return rows;
}

export interface SubmissionLine {
  readonly client: string;
  readonly clientId: string;
  readonly status: 'draft' | 'submitted' | 'archived';
  readonly version: number | null;
  readonly startedAt: Date;
  readonly submittedAt: Date | null;
  readonly answers: Readonly<Record<string, unknown>>;
}

/** What couples answered, the latest first. @param client id or external id; null: of every couple */
export async function listSubmissions(
  trx: Trx,
  filter: { slug: string; client: string | null; limit: number },
): Promise<SubmissionLine[]> {
  const { rows } = await sql<SubmissionLine>`
    select concat_ws(' & ', nullif(c.partner_1_name, ''), nullif(c.partner_2_name, '')) as client, c.id as "clientId",
      s.status, v.version, s.started_at as "startedAt", s.submitted_at as "submittedAt", s.answers
    from app.form_submissions s
      join app.forms f on f.id = s.form_id
      join app.clients c on c.id = s.client_id
      left join app.form_versions v on v.id = s.form_version_id
    where f.slug = ${filter.slug}
      and (${filter.client}::text is null or c.id::text = ${filter.client} or c.external_id = ${filter.client})
    order by coalesce(s.submitted_at, s.started_at) desc limit ${filter.limit}
  `.execute(trx);
  return rows;
}

/** Offers a form no more, or again; answers with whether there is one. Couples who had begun may still finish. */
export async function setFormStatus(trx: Trx, slug: string, status: 'published' | 'archived'): Promise<boolean> {
  const { rows } = await sql`
    update app.forms set status = ${status}
    where slug = ${slug} and deleted_at is null and published_version is not null returning id
  `.execute(trx);
  return rows.length > 0;
}

/** Closes a couple's link for good; the next link is another one. False: there was none. */
export async function revokeFormLink(trx: Trx, slug: string, clientId: string): Promise<boolean> {
  const { rows } = await sql`
    update app.form_links l
    set revoked_at = now(), token = replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')
    from app.forms f
    where f.id = l.form_id and f.slug = ${slug} and l.client_id = ${clientId} and l.revoked_at is null returning l.id
  `.execute(trx);
  return rows.length > 0;
}

/** Lets a couple change what it has sent: its answers are a draft again, as they are. False: nothing was sent. */
export async function reopenSubmission(trx: Trx, slug: string, clientId: string): Promise<boolean> {
  const { rows } = await sql`
    update app.form_submissions s set status = 'draft', submitted_at = null
    from app.forms f
    where f.id = s.form_id and f.slug = ${slug} and s.client_id = ${clientId} and s.status = 'submitted' returning s.id
  `.execute(trx);
  return rows.length > 0;
}
