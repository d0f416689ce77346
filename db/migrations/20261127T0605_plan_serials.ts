import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.journey_executions add column plan_serial integer not null default 0,
       add constraint journey_executions_plan_serial_check check (plan_serial >= 0)`,
    `comment on column app.journey_executions.plan_serial is
       'How many plans were written down. Each is made of facts read after the one before it: the greater number knows more.'`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `alter table app.journey_executions drop column plan_serial`);
}
