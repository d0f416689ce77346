import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** Columns whose values are names for programs: table, column, whether a dot may be in it, most characters. */
const NAMES: readonly [table: string, column: string, withDots: boolean, most: number][] = [
  ['app.client_contacts', 'role', false, 40],
  ['app.client_events', 'name', true, 80],
  ['app.journey_steps', 'step_key', false, 40],
  ['app.journey_step_executions', 'step_key', false, 40],
  ['app.payments', 'kind', false, 40],
  ['app.payment_schedules', 'kind', false, 40],
  ['app.communication_templates', 'name', false, 80],
  ['app.forms', 'slug', false, 40],
  ['app.form_fields', 'field_key', false, 40],
  ['app.core_fields', 'field_key', false, 40],
  ['app.core_field_values', 'field_key', false, 40],
  ['app.field_mappings', 'core_field_key', false, 40],
  ['app.notifications', 'kind', false, 40],
  ['app.integration_credentials', 'provider', false, 40],
  ['app.activities', 'kind', true, 80],
  ['app.security_events', 'kind', true, 80],
  ['audit.audit_logs', 'action', true, 60],
  ['ops.alerts', 'code', false, 60],
  ['ops.daily_stats', 'metric', false, 60],
];

/** The server tries a repetition with a bound ({0,79}) twenty times as long as the same without one: 14 µs a row. */
const cheap = (column: string, letters: string, most: number): string =>
  `length(${column}) <= ${most} and ${column} ~ '^[a-z]${letters}*$'`;
const dear = (column: string, letters: string, most: number): string =>
  `${column} ~ '^[a-z]${letters}{0,${most - 1}}$'`;

export async function up(db: MigrationDatabase): Promise<void> {
  await replaceChecks(db, cheap);
}

export async function down(db: MigrationDatabase): Promise<void> {
  await replaceChecks(db, dear);
}

async function replaceChecks(db: MigrationDatabase, check: typeof cheap): Promise<void> {
  await run(
    db,
    ...NAMES.map(([table, column, withDots, most]) => {
      const name = `${table.split('.')[1]}_${column}_check`;
      const letters = withDots ? '[a-z0-9_.]' : '[a-z0-9_]';
      return `alter table ${table} drop constraint ${name}, add constraint ${name} check (${check(column, letters, most)})`;
    }),
  );
}
