import { Kysely, PostgresDialect, sql } from 'kysely';
import { generate, PostgresDialect as PostgresGenerator, RawExpressionNode } from 'kysely-codegen';
import { Pool } from 'pg';

import { COLUMN_LISTS } from '../../db/domain.ts';

interface Column {
  name: string;
  has_default: boolean;
  generated: boolean;
  type: string;
}

/**
 * The TypeScript types of a migrated database, as the text of `db/types.gen.ts`.
 *
 * Beyond what kysely-codegen does by itself: a column with a closed list has its union, and a column the database
 * computes cannot be written.
 */
export async function generateTypes(adminUrl: string): Promise<string> {
  const pool = new Pool({ connectionString: adminUrl, max: 1 });
  // oxlint-disable-next-line typescript/no-explicit-any -- the types are what is being made here
  const db = new Kysely<any>({ dialect: new PostgresDialect({ pool }) });
  try {
    const columns = await readColumns(db);
    const used = columns.flatMap((column) => COLUMN_LISTS[column.name]?.type ?? []);
    const text = await generate({
      db,
      dialect: new PostgresGenerator({ dateParser: 'string' }),
      defaultSchemas: ['app'],
      includePattern: '(app|audit|ops).*',
      excludePattern: 'ops.migrations_lock',
      overrides: { columns: Object.fromEntries(columns.flatMap(overrideOf)) },
      outFile: null,
      print: false,
    });
    // kysely-codegen imports what stands in a type mapping, not what stands in an override.
    return text.replace(
      'import type { ColumnType } from "kysely";',
      `import type { ColumnType } from "kysely";\n\nimport type { ${[...new Set(used)].toSorted().join(', ')} } from './domain.ts';`,
    );
  } finally {
    await db.destroy();
  }
}

/** An override replaces `Generated<>` and keeps `| null`, so the first has to be said again. */
function overrideOf(column: Column): [string, RawExpressionNode][] {
  const list = COLUMN_LISTS[column.name];
  if (column.generated) {
    const read = list?.type ?? READ_TYPES[column.type];
    if (read === undefined) throw new Error(`No read type is known for ${column.name} (${column.type})`);
    return [[column.name, new RawExpressionNode(`ColumnType<${read}, never, never>`)]];
  }
  if (list === undefined) return [];
  return [[column.name, new RawExpressionNode(column.has_default ? `Generated<${list.type}>` : list.type)]];
}

/** What the driver gives for the types that computed columns have. */
const READ_TYPES: Readonly<Record<string, string>> = {
  text: 'string',
  bytea: 'Buffer',
  bigint: 'string',
  integer: 'number',
  boolean: 'boolean',
};

async function readColumns(db: Kysely<unknown>): Promise<Column[]> {
  const { rows } = await sql<Column>`
    select c.relname || '.' || a.attname as name, a.atthasdef as has_default,
           (a.attgenerated <> '' or a.attidentity = 'a') as generated, format_type(a.atttypid, null) as type
      from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and a.attnum > 0 and not a.attisdropped
     order by c.relname, a.attnum`.execute(db);
  return rows;
}
