import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

const COUNTS = `
           select 'organizations' as metric, count(*) as value from app.organizations where deleted_at is null
           union all select 'couples_' || status, count(*) from app.clients where deleted_at is null group by status
           union all select 'weddings_in_7_days', count(*) from app.clients
                      where deleted_at is null and status = 'booked' and wedding_date between current_date and current_date + 7
           union all select 'weddings_in_30_days', count(*) from app.clients
                      where deleted_at is null and status = 'booked' and wedding_date between current_date and current_date + 30
           union all select 'journeys_active', count(*) from app.journeys where status = 'active' and deleted_at is null
           union all select 'executions_' || status, count(*) from app.journey_executions group by status
           union all select 'messages_in_24_hours', count(*) from app.communications where sent_at > now() - interval '24 hours'
           union all select 'messages_unknown', count(*) from app.communications where status = 'unknown'`;

const view = (query: string): readonly string[] => [
  `create materialized view ops.wedding_platform_metrics as
       select m.metric, m.value, now() as as_of
         from ${query} m`,
  `create unique index wedding_platform_metrics_key on ops.wedding_platform_metrics (metric)`,
  `comment on materialized view ops.wedding_platform_metrics is
       'Numbers over all organizations as they were at as_of: ops.refresh_metrics counts them anew. Days are those of UTC.'`,
  `grant select on ops.wedding_platform_metrics to app_ops`,
];

/**
 * pg_restore switches row security off, which is an error for whoever it holds for; and the owner, who refreshes the
 * view, is one of them. So the counting is done by a function that has it on, whatever the session says.
 */
export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop materialized view ops.wedding_platform_metrics`,
    `create function ops.count_platform() returns table (metric text, value bigint)
       language sql stable set search_path = pg_catalog, pg_temp set row_security = on
     begin atomic
${COUNTS};
     end`,
    `comment on function ops.count_platform() is
       ${literal('What ops.wedding_platform_metrics holds, counted now. Row security is on in it: pg_restore, which switches it off, could not fill the view.')}`,
    `revoke all on function ops.count_platform() from public`,
    ...view('ops.count_platform()'),
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop materialized view ops.wedding_platform_metrics`,
    `drop function ops.count_platform()`,
    ...view(`(${COUNTS}
         )`),
  );
}
