import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/** The last of the other names of the platform's documents. */
const ALIASES: readonly { name: string; comment: string; query: string }[] = [
  {
    name: 'admin_audit_log_archive',
    comment: 'Audit rows of administrators from months that are over; months leave the audit by their retention class.',
    query: `select * from audit.audit_logs
             where actor_type = 'admin' and occurred_at < date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'`,
  },
  {
    name: 'api_usage_stats',
    comment:
      'What other programs told this platform, per day of UTC and source. Calls of the HTTP API by key are not counted anywhere.',
    query: `select organization_id, (received_at at time zone 'UTC')::date as day, source_system, count(*) as calls,
                   count(*) filter (where status = 'failed') as failed_calls
              from app.webhook_events
             group by organization_id, (received_at at time zone 'UTC')::date, source_system`,
  },
];

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    ...ALIASES.flatMap(({ name, comment, query }) => [
      `create view compat.${name} with (security_invoker = true) as ${query}`,
      `comment on view compat.${name} is ${literal(comment)}`,
      `grant select on compat.${name} to app_api, app_readonly`,
    ]),
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, ...ALIASES.map(({ name }) => `drop view compat.${name}`));
}
