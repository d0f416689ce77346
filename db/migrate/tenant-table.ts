import { literal, run, type MigrationDatabase } from './statements.ts';

/** What becomes of changes to a table's rows: audited for 400 days, for 7 years, or not, with the reason. */
type AuditDecision = 'standard' | 'financial' | { readonly none: string };

export interface TenantTable {
  readonly name: string;
  /** One sentence: what a row is. */
  readonly comment: string;
  /** Column definitions and table constraints, without `id`, `organization_id`, `created_at` and `updated_at`. */
  readonly columns: string;
  readonly columnComments?: Readonly<Record<string, string>>;
  /** `uuid` for what has a name outside, `bigint` for append-only logs that are never addressed. Default uuid. */
  readonly id?: 'uuid' | 'bigint' | 'none';
  /** Partitioned by month of this column, which the table gets besides. A unique key must contain it. */
  readonly partitionBy?: 'occurred_at';
  /** Rows are written once: no `updated_at`, and nobody is granted update. */
  readonly appendOnly?: boolean;
  readonly audit: AuditDecision;
  /** How long rows stay and what ends them, in words: `with the client`, `13 months`. */
  readonly retention: string;
  /** Whether rows tell something about a couple or a person: the export and the deletion must then know the table. */
  readonly personalData: boolean;
  /** Verbs beside `select`, per role. Default for both: insert, update, delete (append-only: insert). */
  readonly writes?: { readonly api?: string; readonly worker?: string };
  /** Further statements: indexes, triggers. */
  readonly also?: readonly string[];
}

/** The three roles that see one organization at a time. */
const TENANT_ROLES = 'app_api, app_worker, app_readonly';

/**
 * Creates a table of one organization's rows with all that such a table needs, so that no table can be without it:
 * `organization_id`, the unique key that composite foreign keys point to, row security (forced, so that it holds for
 * the owner too), grants, the `updated_at` trigger, comments, and its entry in `ops.table_decisions`.
 */
export async function createTenantTable(db: MigrationDatabase, table: TenantTable): Promise<void> {
  const name = `app.${table.name}`;
  const idKind = table.id ?? 'uuid';
  const columns = [
    idKind === 'uuid' ? 'id uuid primary key default gen_random_uuid()' : '',
    idKind === 'bigint' ? `id bigint generated always as identity${table.partitionBy ? '' : ' primary key'}` : '',
    'organization_id uuid not null default app.current_org_id() references app.organizations (id) on delete cascade',
    table.partitionBy ? `${table.partitionBy} timestamptz not null default now()` : '',
    table.columns.trim().replace(/,$/, ''),
    'created_at timestamptz not null default now()',
    table.appendOnly ? '' : 'updated_at timestamptz not null default now()',
    table.partitionBy ? `primary key (${table.partitionBy}, id)` : '',
    // What a composite foreign key points to. Nothing points into a log.
    idKind === 'uuid' ? 'unique (organization_id, id)' : '',
  ].filter((column) => column !== '');
  const partitioned = table.partitionBy ? ` partition by range (${table.partitionBy})` : '';
  await run(db, `create table ${name} (\n${columns.join(',\n')}\n)${partitioned}`);
  await secureTenantTable(db, table.name);
  await grantTenantTable(db, table);
  if (!table.appendOnly) await addUpdatedAtTrigger(db, table.name);
  await describeTable(db, table);
  await run(db, ...(table.also ?? []));
}

/** Row security with the tenant's policy, and the owner's: without that one a migration's back-fill sees no row. */
export async function secureTenantTable(
  db: MigrationDatabase,
  name: string,
  column = 'organization_id',
): Promise<void> {
  await run(
    db,
    `alter table app.${name} enable row level security`,
    `alter table app.${name} force row level security`,
    `create policy tenant on app.${name} for all to ${TENANT_ROLES}
       using (${column} = (select app.current_org_id()))
       with check (${column} = (select app.current_org_id()))`,
    `create policy owner_all on app.${name} for all to app_owner using (true) with check (true)`,
  );
}

async function grantTenantTable(db: MigrationDatabase, table: TenantTable): Promise<void> {
  const standard = table.appendOnly ? 'insert' : 'insert, update, delete';
  const api = table.writes?.api ?? standard;
  const worker = table.writes?.worker ?? standard;
  await run(
    db,
    `grant select on app.${table.name} to ${TENANT_ROLES}`,
    ...(api === '' ? [] : [`grant ${api} on app.${table.name} to app_api`]),
    ...(worker === '' ? [] : [`grant ${worker} on app.${table.name} to app_worker`]),
  );
}

export async function addUpdatedAtTrigger(db: MigrationDatabase, name: string): Promise<void> {
  await run(
    db,
    `create trigger set_updated_at before update on app.${name}
       for each row execute function app.set_updated_at()`,
  );
}

/** Comments, and the table's decisions as data, so that tests and jobs can ask for them. */
export async function describeTable(
  db: MigrationDatabase,
  table: Pick<TenantTable, 'name' | 'comment' | 'columnComments' | 'audit' | 'retention' | 'personalData'>,
): Promise<void> {
  const audit = typeof table.audit === 'string' ? table.audit : 'none';
  const reason = typeof table.audit === 'string' ? 'null' : literal(table.audit.none);
  await run(
    db,
    `comment on table app.${table.name} is ${literal(table.comment)}`,
    ...Object.entries(table.columnComments ?? {}).map(
      ([column, comment]) => `comment on column app.${table.name}.${column} is ${literal(comment)}`,
    ),
    `insert into ops.table_decisions (table_name, audit, audit_reason, retention, personal_data)
       values (${literal(table.name)}, ${literal(audit)}, ${reason}, ${literal(table.retention)}, ${table.personalData})`,
  );
}

/** The way back: the table and its decisions. */
export async function dropTenantTable(db: MigrationDatabase, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await run(db, `drop table app.${name}`, `delete from ops.table_decisions where table_name = ${literal(name)}`);
  }
}
