import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** What went wrong is asked for on every first page of the day; few steps do, so their index costs the others nothing. */
export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create index journey_step_executions_trouble_idx on app.journey_step_executions (organization_id, execution_id)
       where state in ('failed', 'unknown')`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop index app.journey_step_executions_trouble_idx`);
}
