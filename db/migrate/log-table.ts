import { literal, run, type MigrationDatabase } from './statements.ts';
import { createTenantTable, type TenantTable } from './tenant-table.ts';

export interface LogTable extends Pick<TenantTable, 'name' | 'comment' | 'columns' | 'columnComments' | 'also'> {
  readonly personalData: boolean;
  /** Months are dropped whole after so many. */
  readonly keepMonths: number;
}

/** Creates an append-only log of one organization's rows, partitioned by month of `occurred_at`. */
export async function createLogTable(db: MigrationDatabase, log: LogTable): Promise<void> {
  await createTenantTable(db, {
    ...log,
    id: 'bigint',
    partitionBy: 'occurred_at',
    appendOnly: true,
    audit: { none: 'append-only: the rows are the history' },
    retention: `${log.keepMonths} months, dropped by partition`,
    also: [
      `insert into ops.partitioned_tables (table_name, keep_months) values (${literal(log.name)}, ${log.keepMonths})`,
      ...(log.also ?? []),
      `select ops.ensure_partitions(3)`,
    ],
  });
}

/** For the way back, before the table is dropped. */
export async function forgetLogTable(db: MigrationDatabase, name: string): Promise<void> {
  await run(db, `delete from ops.partitioned_tables where table_name = ${literal(name)}`);
}
