import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** Keys that few rows have: without the others an index is small, and a row without one is not written to it. */
const KEYS: readonly [table: string, column: string][] = [
  ['clients', 'external_id'],
  ['client_events', 'dedup_key'],
];

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    ...KEYS.flatMap(([table, column]) => [
      `alter table app.${table} drop constraint ${table}_organization_id_${column}_key`,
      `create unique index ${table}_organization_id_${column}_key on app.${table} (organization_id, ${column})
         where ${column} is not null`,
    ]),
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    ...KEYS.flatMap(([table, column]) => [
      `drop index app.${table}_organization_id_${column}_key`,
      `alter table app.${table} add constraint ${table}_organization_id_${column}_key unique (organization_id, ${column})`,
    ]),
  );
}
