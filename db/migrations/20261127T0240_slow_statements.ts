import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** Whether the owner may see the settings and the statements of others; asking for a setting without it is an error. */
const SEES_OTHERS = `pg_has_role(current_user, 'pg_read_all_settings', 'usage')
          and pg_has_role(current_user, 'pg_read_all_stats', 'usage')`;

const slowStatements = (guard: string): string =>
  `create or replace function ops.slow_statements() returns table (query_id bigint, calls bigint, mean_ms double precision, query text)
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       place text;
       before timestamptz := (select max(taken_at) from ops.statement_snapshots);
     begin
${guard}       select e.extnamespace::regnamespace::text into place from pg_extension e where e.extname = 'pg_stat_statements';
       if place is null
          or current_setting('shared_preload_libraries') not like '%pg_stat_statements%' then return; end if;
       execute format('insert into ops.statement_snapshots (taken_at, query_id, calls, total_ms, query)
         select now(), s.queryid, sum(s.calls), sum(s.total_exec_time), left(min(s.query), 2000) from %s.pg_stat_statements s
          where s.queryid is not null and s.dbid = (select oid from pg_database where datname = current_database())
          group by s.queryid on conflict do nothing', place);
       delete from ops.statement_snapshots where taken_at < least(before, now());
       return query
         select n.query_id, n.calls - coalesce(o.calls, 0), (n.total_ms - coalesce(o.total_ms, 0)) / (n.calls - coalesce(o.calls, 0)),
                n.query
           from ops.statement_snapshots n
           left join ops.statement_snapshots o on o.query_id = n.query_id and o.taken_at = before and o.calls <= n.calls
          where n.taken_at = now() and before is not null and n.calls > coalesce(o.calls, 0)
            and (n.total_ms - coalesce(o.total_ms, 0)) / (n.calls - coalesce(o.calls, 0)) > 1000;
     end $$`;

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    slowStatements(`       if not (${SEES_OTHERS}) then return; end if;
`),
    `comment on function ops.slow_statements() is
       'Statements that took more than 1 s on average since the last call. No row where pg_stat_statements is not loaded, or the owner may not see others: then nothing is known.'`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    slowStatements(''),
    `comment on function ops.slow_statements() is
       'Statements that took more than 1 s on average since the last call. No row where pg_stat_statements is not loaded: then nothing is known.'`,
  );
}
