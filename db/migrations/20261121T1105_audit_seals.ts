import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table audit.audit_seals (
       seal_no bigint primary key,
       retention_class text not null,
       month date not null,
       from_id bigint not null,
       to_id bigint not null,
       row_count bigint not null,
       rows_digest bytea not null,
       previous_digest bytea,
       chain_digest bytea not null,
       sealed_at timestamptz not null default now(),
       constraint audit_seals_digest_check check (length(rows_digest) = 32 and length(chain_digest) = 32),
       constraint audit_seals_range_check check (from_id < to_id and row_count > 0),
       constraint audit_seals_previous_check check ((seal_no = 1) = (previous_digest is null))
     )`,
    `comment on table audit.audit_seals is
       'Digests of the audit, each over the rows of one month with from_id < id <= to_id, and over the seal before it: a change of any sealed row, or of a seal, shows.'`,
    `create table audit.seal_mark (
       only_row boolean primary key default true check (only_row),
       sealed_to bigint not null default 0,
       marked_to bigint,
       horizon xid8
     )`,
    `comment on table audit.seal_mark is
       'How far the audit is sealed, and how far it can be sealed once every transaction that was running has ended.'`,
    `insert into audit.seal_mark default values`,
    ...['audit_seals', 'seal_mark'].flatMap((table) => [
      `alter table audit.${table} enable row level security`,
      `alter table audit.${table} force row level security`,
      `create policy owner_all on audit.${table} for all to app_owner using (true) with check (true)`,
    ]),
    `create policy ops on audit.audit_seals for select to app_ops using (true)`,
    `grant select on audit.audit_seals to app_ops`,
    `create trigger refuse_change before update or delete on audit.audit_seals
       for each row execute function audit.refuse_change()`,
    `create trigger refuse_truncate before truncate on audit.audit_seals
       for each statement execute function audit.refuse_change()`,
  );
  await createDigests(db);
  await createSeal(db);
  await createVerify(db);
}

async function createDigests(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    // What a row says, in a form that does not depend on time zone, settings or version of the server.
    `create function audit.row_digest(entry audit.audit_logs) returns bytea language sql stable
       set timezone = 'UTC' set search_path = pg_catalog, pg_temp
     begin atomic
       select sha256(convert_to(jsonb_build_array(
         entry.id, entry.occurred_at, entry.retention_class, entry.organization_id, entry.actor, entry.request_id,
         entry.table_name, entry.record_id, entry.action, entry.changed_columns, entry.old_values, entry.new_values
       )::text, 'UTF8'));
     end`,
    `create function audit.month_of(at timestamptz) returns date language sql immutable
       return date_trunc('month', at at time zone 'UTC')::date`,
    `create function audit.chain_digest(seal audit.audit_seals) returns bytea language sql immutable
       return sha256(coalesce(seal.previous_digest, ''::bytea) || seal.rows_digest || convert_to(
         concat_ws('/', seal.seal_no, seal.retention_class, to_char(seal.month, 'YYYY-MM'), seal.from_id, seal.to_id,
           seal.row_count), 'UTF8'))`,
  );
}

/**
 * Rows get their numbers before they are committed, so that a lower one may appear after a higher one was seen. What is
 * sealed therefore ends at a mark whose every number is settled: all transactions which ran when it was set have ended.
 */
async function createSeal(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function audit.mark() returns void language plpgsql security definer
       set search_path = pg_catalog, pg_temp as $$
     declare
       highest bigint := (select case when s.is_called then s.last_value end from audit.audit_logs_id_seq s);
     begin
       update audit.seal_mark set marked_to = highest, horizon = pg_snapshot_xmax(pg_current_snapshot())
        where marked_to is null and highest > sealed_to;
     end $$`,
    `comment on function audit.mark() is 'Sets the mark up to which audit.seal seals; keeps one that is set already.'`,
    `create function audit.seal() returns setof audit.audit_seals language plpgsql security definer
       set search_path = pg_catalog, pg_temp as $$
     declare
       mark audit.seal_mark;
       part record;
       seal audit.audit_seals;
       last audit.audit_seals;
     begin
       select * into mark from audit.seal_mark for update;
       -- A horizon beyond this server's own numbers came with a restored database: its transactions have all ended.
       if mark.marked_to is null
          or (mark.horizon > pg_snapshot_xmin(pg_current_snapshot()) and mark.horizon <= pg_current_xact_id()) then
         return;
       end if;
       select * into last from audit.audit_seals order by seal_no desc limit 1;
       for part in
         select l.retention_class, audit.month_of(l.occurred_at) as month, count(*) as row_count,
                sha256(string_agg(audit.row_digest(l), ''::bytea order by l.id)) as rows_digest
           from audit.audit_logs l where l.id > mark.sealed_to and l.id <= mark.marked_to
          group by 1, 2 order by 2, 1
       loop
         seal := row(coalesce(last.seal_no, 0) + 1, part.retention_class, part.month, mark.sealed_to, mark.marked_to,
           part.row_count, part.rows_digest, last.chain_digest, ''::bytea, now());
         seal.chain_digest := audit.chain_digest(seal);
         insert into audit.audit_seals select seal.*;
         last := seal;
         return next seal;
       end loop;
       update audit.seal_mark set sealed_to = marked_to, marked_to = null, horizon = null;
     end $$`,
    `comment on function audit.seal() is
       'Seals the audit up to the mark, one seal for each class and month. No row where the mark is not settled yet.'`,
    `revoke all on function audit.row_digest(audit.audit_logs), audit.month_of(timestamptz),
       audit.chain_digest(audit.audit_seals), audit.mark(), audit.seal() from public`,
    `grant execute on function audit.mark(), audit.seal() to app_ops, app_worker`,
  );
}

async function createVerify(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table audit.dropped_partitions (
       partition_name text primary key,
       retention_class text not null,
       month date not null,
       dropped_at timestamptz not null default now()
     )`,
    `comment on table audit.dropped_partitions is
       'Months of the audit that came to their end: their seals stay, their rows cannot be compared any more.'`,
    `alter table audit.dropped_partitions enable row level security`,
    `alter table audit.dropped_partitions force row level security`,
    `create policy owner_all on audit.dropped_partitions for all to app_owner using (true) with check (true)`,
    `create policy ops on audit.dropped_partitions for select to app_ops using (true)`,
    `grant select on audit.dropped_partitions to app_ops`,

    `create function audit.verify() returns table (seal_no bigint, code text, detail text)
       language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
     begin
       return query
         select s.seal_no, 'chain_broken', 'The seal does not follow from the one before it: a seal was changed, removed or added.'
           from (select a.*, lag(a.chain_digest) over w as before, lag(a.seal_no) over w as before_no
                   from audit.audit_seals a window w as (order by a.seal_no)) s
          where s.seal_no <> coalesce(s.before_no, 0) + 1
             or s.previous_digest is distinct from s.before
             or s.chain_digest <> audit.chain_digest(row(s.seal_no, s.retention_class, s.month, s.from_id, s.to_id,
                  s.row_count, s.rows_digest, s.previous_digest, s.chain_digest, s.sealed_at)::audit.audit_seals);
       return query
         with live as (
           select s.* from audit.audit_seals s
            where not exists (select from audit.dropped_partitions d
                               where d.retention_class = s.retention_class and d.month = s.month)
         ), found as (
           select s.seal_no, count(l.id) as row_count,
                  sha256(string_agg(audit.row_digest(l), ''::bytea order by l.id)) as rows_digest
             from live s
             left join audit.audit_logs l on l.retention_class = s.retention_class
              and l.occurred_at >= s.month::timestamp at time zone 'UTC'
              and l.occurred_at < (s.month + interval '1 month') at time zone 'UTC'
              and l.id > s.from_id and l.id <= s.to_id
            group by s.seal_no
         )
         select s.seal_no,
                case when f.row_count <> s.row_count then 'row_count' else 'row_changed' end,
                case when f.row_count <> s.row_count
                     then format('%s rows were sealed, %s are there: rows were removed or added.', s.row_count, f.row_count)
                     else 'At least one row is not what it was when it was sealed.' end
           from live s join found f using (seal_no)
          where f.row_count <> s.row_count or f.rows_digest is distinct from s.rows_digest
          order by 1;
       -- A row slipped into a range of which no seal speaks.
       return query
         select null::bigint, 'unsealed_row',
                format('%s rows of %s stand below the last sealed number without a seal.', count(*), audit.month_of(l.occurred_at))
           from audit.audit_logs l
          where l.id <= (select sealed_to from audit.seal_mark)
            and not exists (select from audit.audit_seals s where s.retention_class = l.retention_class
                              and s.month = audit.month_of(l.occurred_at) and l.id > s.from_id and l.id <= s.to_id)
          group by audit.month_of(l.occurred_at);
     end $$`,
    `comment on function audit.verify() is
       'Every seal compared with the rows it is over and with the seal before it. No row: nothing sealed was changed.'`,
    `revoke all on function audit.verify() from public`,
    `grant execute on function audit.verify() to app_ops`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop function audit.verify(), audit.seal(), audit.mark(), audit.chain_digest(audit.audit_seals),
       audit.month_of(timestamptz), audit.row_digest(audit.audit_logs)`,
    `drop table audit.dropped_partitions, audit.seal_mark, audit.audit_seals`,
  );
}
