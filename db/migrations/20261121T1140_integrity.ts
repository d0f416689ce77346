import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** Each query gives (subject, found, detail) for what is wrong, and no row where nothing is. */
const CHECKS: readonly { name: string; query: string }[] = [
  {
    name: 'broken_index',
    query: `select indexrelid::regclass::text, 1, 'A concurrent build failed: drop it and build it again.'
              from pg_index where not indisvalid`,
  },
  {
    name: 'unchecked_constraint',
    query: `select conrelid::regclass || '.' || conname, 1, 'Rows from before it were never checked: validate it.'
              from pg_constraint where not convalidated and connamespace in ('app'::regnamespace, 'audit'::regnamespace)`,
  },
  {
    name: 'row_security_missing',
    query: `select c.oid::regclass::text, 1, 'The table is open to every organization: row security must be on and forced, with its policies.'
              from pg_class c
             where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
               and (not c.relrowsecurity or not c.relforcerowsecurity
                    or not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'owner_all'))`,
  },
  {
    name: 'audit_missing',
    query: `select d.table_name, 1, 'Changes are not audited as ops.table_decisions says: select audit.attach_all().'
              from ops.table_decisions d
             where d.audit <> 'none'
               and (not exists (select from pg_proc p where p.pronamespace = 'audit'::regnamespace
                                  and p.proname = 'log_' || d.table_name and p.prosrc = audit.function_text(d.table_name))
                    or (select count(*) from pg_trigger t where t.tgrelid = to_regclass('app.' || d.table_name)
                           and t.tgname in ('audit_insert', 'audit_update', 'audit_delete') and t.tgenabled = 'O') <> 3)`,
  },
  {
    name: 'steps_differ_from_definition',
    query: `select v.id::text, abs(jsonb_array_length(v.definition -> 'steps')
                     + jsonb_array_length(coalesce(v.definition -> 'closing', '[]')) - s.n),
                   'journey_steps has another number of steps than the published definition.'
              from app.journey_versions v
             cross join lateral (select count(*) as n from app.journey_steps s
                                  where s.organization_id = v.organization_id and s.journey_version_id = v.id) s
             where jsonb_typeof(v.definition -> 'steps') = 'array'
               and jsonb_array_length(v.definition -> 'steps')
                     + jsonb_array_length(coalesce(v.definition -> 'closing', '[]')) <> s.n`,
  },
  {
    name: 'active_without_plan',
    query: `select e.id::text, 1, 'The execution has been active for an hour and was never planned: is its workflow running?'
              from app.journey_executions e
             where e.status in ('pending', 'active') and e.planned_at is null and e.created_at < now() - interval '1 hour'`,
  },
  {
    name: 'ended_with_open_steps',
    query: `select e.id::text, count(*), 'The execution has ended, but steps of it are still planned.'
              from app.journey_executions e
              join app.journey_step_executions s on s.organization_id = e.organization_id and s.execution_id = e.id
             where e.status = 'completed' and s.state = 'planned' and s.ended_at is null
             group by e.id`,
  },
  {
    name: 'payment_without_history',
    query: `select p.id::text, 1, 'The status is not the last one that payment_history tells.'
              from app.payments p
             where p.status is distinct from (
               select h.new_status from app.payment_history h
                where h.organization_id = p.organization_id and h.payment_id = p.id order by h.id desc limit 1)`,
  },
  {
    name: 'sending_too_long',
    query: `select m.id::text, 1, 'It has been "sending" for more than 15 minutes: nobody knows whether it went.'
              from app.communications m
             where m.status = 'sending' and m.send_claimed_at < now() - interval '15 minutes'`,
  },
  {
    name: 'sent_without_time',
    query: `select m.id::text, 1, 'It counts as sent, but when is not known.'
              from app.communications m
             where m.direction = 'outbound' and m.status in ('sent', 'delivered') and m.sent_at is null`,
  },
  {
    name: 'event_waits',
    query: `select o.organization_id::text, count(*), 'Events have waited for their journeys for more than a minute: is the relay running?'
              from app.outbox o
             where o.processed_at is null and o.parked_at is null and o.available_at < now() - interval '1 minute'
             group by 1`,
  },
];

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function ops.orphans(of_constraint oid) returns bigint
       language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
     declare
       found bigint;
     begin
       execute (
         select format('select count(*) from %s c where %s and not exists (select from %s p where %s)', k.conrelid::regclass,
                  string_agg(format('c.%I is not null', f.attname), ' and '), k.confrelid::regclass,
                  string_agg(format('p.%I = c.%I', t.attname, f.attname), ' and '))
           from pg_constraint k
          cross join unnest(k.conkey, k.confkey) as pair (from_no, to_no)
           join pg_attribute f on f.attrelid = k.conrelid and f.attnum = pair.from_no
           join pg_attribute t on t.attrelid = k.confrelid and t.attnum = pair.to_no
          where k.oid = of_constraint
          group by k.oid, k.conrelid, k.confrelid) into found;
       return found;
     end $$`,
    `comment on function ops.orphans(oid) is
       'Rows whose foreign key points nowhere. A constraint added, or rows loaded, by a role that saw not all rows may have left some.'`,
    `create function ops.verify_data_integrity(thorough boolean default true)
       returns table (check_name text, subject text, found bigint, detail text)
       language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
     #variable_conflict use_column
     begin
       ${CHECKS.map(({ name, query }) => `return query select '${name}'::text, c.s, c.n::bigint, c.d from (${query}) as c (s, n, d);`).join('\n       ')}
       if not thorough then return; end if;
       return query
         select 'foreign_key', k.conrelid::regclass || '.' || k.conname, o.n,
                'Rows point to a row that does not exist: was something loaded or deleted past the constraints?'
           from pg_constraint k cross join lateral (select ops.orphans(k.oid) as n) o
          where k.contype = 'f' and k.conparentid = 0
            and k.connamespace in ('app'::regnamespace, 'audit'::regnamespace, 'ops'::regnamespace) and o.n > 0;
       return query
         select 'audit', coalesce('seal ' || v.seal_no, 'audit_logs'), 1::bigint, v.code || ': ' || v.detail from audit.verify() v;
     end $$`,
    `comment on function ops.verify_data_integrity(boolean) is
       'What contradicts itself in the data, one row each; no row: nothing was found. Thorough: also every foreign key and seal. Whether a workflow exists in Temporal cannot be asked here: reconcile does.'`,
    `revoke all on function ops.orphans(oid), ops.verify_data_integrity(boolean) from public`,
    `grant execute on function ops.verify_data_integrity(boolean) to app_ops`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function ops.verify_data_integrity(boolean), ops.orphans(oid)`);
}
