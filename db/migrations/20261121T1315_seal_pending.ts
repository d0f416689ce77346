import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function audit.seal_pending() returns boolean language sql stable security definer
       set search_path = pg_catalog, pg_temp
     begin atomic
       select marked_to is not null from audit.seal_mark;
     end`,
    `comment on function audit.seal_pending() is 'Whether a mark is set that audit.seal could not seal up to yet.'`,
    `revoke all on function audit.seal_pending() from public`,
    `grant execute on function audit.seal_pending() to app_ops, app_worker`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function audit.seal_pending()`);
}
