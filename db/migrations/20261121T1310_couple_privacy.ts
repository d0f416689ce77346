import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function app.clients_of_couple(of_couple uuid) returns table (organization_id uuid, client_id uuid)
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select c.organization_id, c.id from app.clients c where c.couple_id = of_couple
       union
       select r.organization_id, r.client_id from app.couple_supplier_relationships r
        where r.couple_id = of_couple and r.client_id is not null;
     end`,
    `comment on function app.clients_of_couple(uuid) is 'The records that suppliers keep of a couple with an account.'`,
    `create function app.export_couple_account(of_couple uuid) returns jsonb
       language sql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
     begin atomic
       select jsonb_build_object(
           'couple', to_jsonb(k),
           'members', (select coalesce(jsonb_agg(jsonb_build_object('partnerNo', m.partner_no, 'email', u.email,
               'emailVerifiedAt', u.email_verified_at, 'lastLoginAt', u.last_login_at, 'since', m.created_at)
               order by m.partner_no), '[]')
             from app.couple_members m join app.users u on u.id = m.user_id where m.couple_id = k.id),
           'signIns', (select coalesce(jsonb_agg(jsonb_build_object('at', s.occurred_at, 'kind', s.kind, 'ip', s.ip,
               'userAgent', s.user_agent) order by s.occurred_at), '[]')
             from app.security_events s
            where s.user_id in (select m.user_id from app.couple_members m where m.couple_id = k.id)),
           'suppliers', (select coalesce(jsonb_agg(jsonb_build_object('organization', o.name, 'status', r.status,
               'permissions', r.permissions, 'service', r.service_type, 'connectedAt', r.connected_at,
               'endedAt', r.ended_at) order by o.name), '[]')
             from app.couple_supplier_relationships r join app.organizations o on o.id = r.organization_id
            where r.couple_id = k.id))
         from app.couples k where k.id = of_couple;
     end`,
    `comment on function app.export_couple_account(uuid) is
       'What the account of a couple holds. What its suppliers keep of it is exported for each of them.'`,
    `create function app.erase_couple_account(of_couple uuid) returns boolean
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       logins uuid[] := array(select user_id from app.couple_members where couple_id = of_couple);
     begin
       update app.couples set display_name = 'Deleted', deleted_at = coalesce(deleted_at, now()) where id = of_couple;
       if not found then return false; end if;
       update app.clients set couple_id = null where couple_id = of_couple;
       delete from app.couple_supplier_relationships where couple_id = of_couple;
       delete from app.couple_members where couple_id = of_couple;
       -- A login may also belong to a supplier's team, or to another couple.
       update app.users u set email = 'deleted-' || u.id || '@invalid', email_verified_at = null, last_login_at = null
        where u.id = any (logins)
          and not exists (select from app.user_profiles p where p.user_id = u.id)
          and not exists (select from app.couple_members m where m.user_id = u.id);
       perform audit.record('privacy.erased', 'couples', of_couple::text);
       return true;
     end $$`,
    `comment on function app.erase_couple_account(uuid) is
       'Erases the account of a couple and its logins. Suppliers keep their records of it until those are erased too.'`,
    `revoke all on function app.clients_of_couple(uuid), app.export_couple_account(uuid), app.erase_couple_account(uuid)
       from public`,
    `grant execute on function app.clients_of_couple(uuid), app.export_couple_account(uuid),
       app.erase_couple_account(uuid) to app_auth, app_ops`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop function app.erase_couple_account(uuid), app.export_couple_account(uuid), app.clients_of_couple(uuid)`,
  );
}
