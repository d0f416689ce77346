import { registerPersonalTable } from '../migrate/personal-tables.ts';
import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

type Spent = { readonly table: string; readonly where: string };

const SPENT_BEFORE: readonly Spent[] = [
  { table: 'outbox', where: `processed_at < now() - interval '24 hours'` },
  { table: 'idempotency_keys', where: `expires_at < now()` },
  { table: 'notifications', where: `created_at < now() - interval '13 months'` },
  { table: 'webhook_events', where: `received_at < now() - interval '13 months'` },
  {
    table: 'webhook_deliveries',
    where: `created_at < now() - interval '6 months' and status in ('succeeded', 'exhausted', 'cancelled')
      and not exists (select from app.webhook_delivery_attempts a
                       where a.organization_id = t.organization_id and a.delivery_id = t.id)`,
  },
];
/** Its refused rows go with the list. */
const IMPORTS: Spent = { table: 'imports', where: `updated_at < now() - interval '90 days'` };

// Laid out as the function was, so that the way back leaves exactly that one.
const deleteSpent = (spent: readonly Spent[]): string => `
    create or replace function ops.delete_spent(most integer default 5000) returns table (table_name text, deleted bigint)
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     begin
       ${spent
         .map(
           ({ table, where }) => `with gone as (
         delete from app.${table} where ctid in (select ctid from app.${table} t where ${where} limit most) returning 1
       ) select ${literal(table)}, count(*) into table_name, deleted from gone;
       return next;`,
         )
         .join('\n       ')}
     end $$`;

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'imports',
    comment: 'A list of which some rows, or the whole, could not be brought: they are kept to be tried again.',
    columns: `
      kind text not null,
      file_name text not null,
      file_sha256 bytea not null,
      header text[] not null default '{}',
      options jsonb not null default '{}',
      problem text,
      constraint imports_kind_check check (kind in ('clients', 'payments')),
      constraint imports_file_name_check check (length(file_name) between 1 and 200),
      constraint imports_file_sha256_check check (length(file_sha256) = 32),
      constraint imports_options_check check (jsonb_typeof(options) = 'object'),
      unique (organization_id, kind, file_sha256)
    `,
    columnComments: {
      options: 'What was said about its columns and dates; a later try begins with it.',
      problem: 'What is wrong with the list as a whole; NULL: with some rows only.',
    },
    audit: { none: 'what an import wrote is audited itself' },
    retention: '90 days after the last try',
    personalData: false,
    writes: { worker: '' },
  });
  await createTenantTable(db, {
    name: 'import_rows',
    id: 'none',
    comment: 'A row of a list that was refused, as it stood there, with the reason.',
    columns: `
      import_id uuid not null,
      row_no integer not null,
      cells text[] not null,
      reason text not null,
      primary key (organization_id, import_id, row_no),
      constraint import_rows_row_no_check check (row_no >= 1),
      foreign key (organization_id, import_id) references app.imports (organization_id, id) on delete cascade
    `,
    columnComments: { row_no: 'As a spreadsheet counts: the header is row 1.' },
    audit: { none: 'nothing came of it' },
    retention: 'with the import',
    personalData: true,
    writes: { worker: '' },
  });
  await registerPersonalTable(
    db,
    {
      name: 'import_rows',
      rows: `exists (select from app.client_contacts k where k.organization_id = $1 and k.client_id = $2
          and k.value_normalized <> '' and strpos(lower(array_to_string(t.cells, ' ')), k.value_normalized) > 0)
        or exists (select from app.clients c where c.organization_id = $1 and c.id = $2 and c.external_id = any(t.cells))`,
      erasure: 'delete',
    },
    5,
  );
  await run(db, deleteSpent([...SPENT_BEFORE, IMPORTS]));
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, deleteSpent(SPENT_BEFORE));
  await dropTenantTable(db, 'import_rows', 'imports');
}
