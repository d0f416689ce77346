import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

const TYPES = [
  'text',
  'long_text',
  'number',
  'date',
  'time',
  'choice',
  'choices',
  'yes_no',
  'email',
  'phone',
  'address',
];

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'form_links',
    comment: "A couple's personal way to a form: who has the link may read and answer it.",
    columns: `
      form_id uuid not null,
      client_id uuid not null,
      token text not null default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
      opened_at timestamptz,
      revoked_at timestamptz,
      constraint form_links_token_check check (token ~ '^[0-9a-f]{64}$'),
      constraint form_links_token_key unique (token),
      foreign key (organization_id, form_id) references app.forms (organization_id, id),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      constraint form_links_form_key unique (organization_id, form_id, client_id)
    `,
    columnComments: {
      token: '244 random bits. In plain text, since mails of later days repeat the link; it opens only this form.',
      opened_at: 'When it was first opened.',
    },
    audit: { none: 'a link and nothing else; what is answered is audited' },
    retention: 'with the client',
    personalData: true,
    also: [`create index form_links_client_idx on app.form_links (organization_id, client_id)`],
  });
  await run(
    db,
    `create function app.find_form_link(token text)
       returns table (id uuid, organization_id uuid, form_id uuid, client_id uuid)
       language sql stable security definer set search_path = pg_catalog, pg_temp
       begin atomic
         select l.id, l.organization_id, l.form_id, l.client_id
           from app.form_links l
           join app.organizations o on o.id = l.organization_id and o.deleted_at is null
           join app.clients c on c.organization_id = l.organization_id and c.id = l.client_id and c.deleted_at is null
          where l.token = find_form_link.token and l.revoked_at is null;
       end`,
    `revoke all on function app.find_form_link(text) from public`,
    `grant execute on function app.find_form_link(text) to app_api`,
    `create function app.form_link(slug text, client uuid) returns text language plpgsql
       set search_path = pg_catalog, pg_temp as $$
     declare
       found text;
     begin
       insert into app.form_links (organization_id, form_id, client_id)
       select f.organization_id, f.id, client from app.forms f
        where f.organization_id = app.current_org_id() and f.slug = form_link.slug and f.status = 'published'
       on conflict on constraint form_links_form_key do update set revoked_at = null
       returning form_links.token into found;
       return found;
     end $$`,
    `comment on function app.form_link(text, uuid) is
       ${literal("The token of a couple's link to a published form, made when it is first asked for; NULL: no such form.")}`,
    `revoke all on function app.form_link(text, uuid) from public`,
    `grant execute on function app.form_link(text, uuid) to app_api, app_worker`,
    `alter table app.form_fields drop constraint form_fields_field_type_check`,
    `alter table app.form_fields add constraint form_fields_field_type_check
       check (field_type in (${[...TYPES, 'file', 'signature'].map(literal).join(', ')}))`,
    `create unique index form_submissions_open_key on app.form_submissions (organization_id, form_id, client_id)
       where status = 'draft'`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop index app.form_submissions_open_key`,
    `alter table app.form_fields drop constraint form_fields_field_type_check`,
    `alter table app.form_fields add constraint form_fields_field_type_check
       check (field_type in (${[...TYPES, 'file'].map(literal).join(', ')}))`,
    `drop function app.form_link(text, uuid)`,
    `drop function app.find_form_link(text)`,
  );
  await dropTenantTable(db, 'form_links');
}
