import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'contact_links',
    comment: "A person's own way to choose what they are sent, and to stop it with one click.",
    columns: `
      contact_id uuid not null,
      token text not null default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
      foreign key (organization_id, contact_id) references app.client_contacts (organization_id, id) on delete cascade,
      constraint contact_links_token_key unique (token),
      constraint contact_links_contact_key unique (organization_id, contact_id)
    `,
    columnComments: {
      token: '244 random bits. In plain text, since every mail repeats the link; it opens only this choice.',
    },
    audit: { none: 'a link and nothing else; what is chosen is kept in consents' },
    retention: 'with the client',
    personalData: true,
  });
  await run(
    db,
    `create function app.find_contact_link(token text)
       returns table (organization_id uuid, contact_id uuid)
       language sql stable security definer set search_path = pg_catalog, pg_temp
       begin atomic
         select l.organization_id, l.contact_id
           from app.contact_links l
           join app.organizations o on o.id = l.organization_id and o.deleted_at is null
          where l.token = find_contact_link.token;
       end`,
    `comment on function app.find_contact_link(text) is
       ${literal('Whose link this is. The only way from a token to an organization.')}`,
    `revoke all on function app.find_contact_link(text) from public`,
    `grant execute on function app.find_contact_link(text) to app_api`,
    `create function app.contact_link(contact uuid) returns text language plpgsql
       set search_path = pg_catalog, pg_temp as $$
     declare
       found text;
     begin
       insert into app.contact_links (organization_id, contact_id) values (app.current_org_id(), contact)
       on conflict on constraint contact_links_contact_key do update set contact_id = excluded.contact_id
       returning contact_links.token into found;
       return found;
     end $$`,
    `comment on function app.contact_link(uuid) is
       ${literal("The token of a person's own link, made when it is first asked for.")}`,
    `revoke all on function app.contact_link(uuid) from public`,
    `grant execute on function app.contact_link(uuid) to app_api, app_worker`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function app.contact_link(uuid)`, `drop function app.find_contact_link(text)`);
  await dropTenantTable(db, 'contact_links');
}
