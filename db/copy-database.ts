import { Client } from 'pg';

import { copyPartitions } from './copy-partitions.ts';

export interface CopyOptions {
  /** Superusers: row security and triggers must not stand in the way, in either database. */
  readonly fromUrl: string;
  readonly toUrl: string;
  readonly onProgress?: (table: string, rows: number) => void;
}

/** Why a copy was refused; nothing was written. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
  readonly code: 'other_version' | 'not_empty';
  constructor(code: CopyError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** What belongs to a database itself, and not to the data in it. */
const OWN = ['ops.migrations', 'ops.migrations_lock', 'ops.migration_runs'];
const ROWS = 2_000;

/**
 * Copies all data into an empty database of the same version, as they are at one moment, in one transaction: a restore
 * test, or a move, where pg_dump is not at hand. Every value goes as the server writes it, the audit and its seals
 * included; triggers do not fire.
 *
 * @returns rows by table
 * @throws CopyError
 */
export async function copyDatabase(options: CopyOptions): Promise<Readonly<Record<string, number>>> {
  const [from, to] = [connect(options.fromUrl), connect(options.toUrl)];
  await Promise.all([from.connect(), to.connect()]);
  try {
    await from.query('begin transaction isolation level repeatable read read only');
    await refuseUnlessFit(from, to);
    await to.query(`begin; set local session_replication_role = replica`);
    await copyPartitions(from, to);
    const tables = await tablesOf(from);
    for (const { name } of tables) await to.query(`delete from ${name}`);
    const copied: Record<string, number> = {};
    for (const table of tables) {
      copied[table.name] = await copyTable(from, to, table);
      options.onProgress?.(table.name, copied[table.name] ?? 0);
    }
    await copySequences(from, to);
    await to.query('refresh materialized view ops.wedding_platform_metrics');
    await to.query('commit');
    return copied;
  } finally {
    await Promise.all([from.end(), to.end()]);
  }
}

const connect = (url: string): Client =>
  new Client({ connectionString: url, application_name: 'wedsync copy', options: '-c timezone=UTC -c search_path=' });

async function refuseUnlessFit(from: Client, to: Client): Promise<void> {
  const versionOf = async (client: Client): Promise<string> => {
    const { rows } = await client.query<{ version: string | null }>(
      `select string_agg(name, ',' order by name) as version from ops.migrations`,
    );
    return rows[0]?.version ?? '';
  };
  if ((await versionOf(from)) !== (await versionOf(to))) {
    throw new CopyError(
      'other_version',
      'The two databases do not have the same migrations. Run "wedsync migrate up" on both with the same version.',
    );
  }
  const { rows } = await to.query(`select from app.organizations limit 1`);
  if (rows.length > 0) {
    throw new CopyError('not_empty', 'The database to copy into has organizations in it. Copy into a new one.');
  }
}

interface Table {
  readonly name: string;
  /** Columns that can be written. */
  readonly columns: string;
}

async function tablesOf(client: Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select c.oid::regclass::text as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      where c.relnamespace::regnamespace::text in ('app', 'audit', 'ops') and c.relkind in ('r', 'p') and not c.relispartition
        and c.oid::regclass::text <> all ($1)
      group by 1 order by 1`,
    [OWN],
  );
  return rows;
}

/** As JSON text, never as values of JavaScript: those have no microseconds and no 64-bit integers. */
async function copyTable(from: Client, to: Client, { name, columns }: Table): Promise<number> {
  await from.query(`declare copied cursor for select to_jsonb(t)::text as row from ${name} t`);
  let total = 0;
  for (;;) {
    const { rows } = await from.query<{ row: string }>(`fetch ${ROWS} from copied`);
    if (rows.length === 0) break;
    await to.query(
      `insert into ${name} (${columns}) overriding system value
       select ${columns} from jsonb_populate_recordset(null::${name}, $1::jsonb)`,
      [`[${rows.map(({ row }) => row).join(',')}]`],
    );
    total += rows.length;
  }
  await from.query('close copied');
  return total;
}

/** Numbers go on where they stood, or new rows would meet old ones. */
async function copySequences(from: Client, to: Client): Promise<void> {
  const { rows } = await from.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
      where c.relkind = 'S' and c.relnamespace::regnamespace::text in ('app', 'audit', 'ops')
        and c.oid::regclass::text not like 'ops.migration%'`,
  );
  for (const { name } of rows) {
    const { rows: states } = await from.query<{ last_value: string; is_called: boolean }>(
      `select last_value, is_called from ${name}`,
    );
    await to.query(`select setval($1, $2, $3)`, [name, states[0]?.last_value, states[0]?.is_called]);
  }
}
