import { Client } from 'pg';

export interface DescribedColumn {
  name: string;
  type: string;
  nullable: boolean;
  /** The default or the expression that computes it; null where there is none. */
  value: string | null;
  comment: string | null;
}

export interface DescribedTable {
  schema: string;
  name: string;
  kind: 'table' | 'partitioned table' | 'view' | 'materialized view';
  comment: string | null;
  columns: DescribedColumn[];
  /** Tables it points to, with the columns that do, but for the organization itself. */
  references: { table: string; columns: string[] }[];
  unique: string[];
  decision: { audit: string; retention: string; personalData: boolean } | null;
}

export interface DescribedFunction {
  name: string;
  returns: string;
  comment: string | null;
  /** Whether it runs with the owner's rights. */
  definer: boolean;
}

export interface DescribedSchema {
  tables: DescribedTable[];
  functions: DescribedFunction[];
}

/** What the catalogue of a migrated database says of itself, in the order of names. */
export async function readSchema(adminUrl: string): Promise<DescribedSchema> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const tables = await client.query<DescribedTable>(TABLES);
    const functions = await client.query<DescribedFunction>(FUNCTIONS);
    return { tables: tables.rows, functions: functions.rows };
  } finally {
    await client.end();
  }
}

const TABLES = `
  select n.nspname as schema, c.relname as name,
         case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
           else 'materialized view' end as kind,
         obj_description(c.oid, 'pg_class') as comment,
         (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                   'nullable', not a.attnotnull, 'value', pg_get_expr(d.adbin, d.adrelid),
                   'comment', col_description(c.oid, a.attnum)) order by a.attnum)
            from pg_attribute a left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
           where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
         coalesce((select json_agg(json_build_object('table', t.relname, 'columns',
                   (select json_agg(a.attname order by key.place) from unnest(k.conkey) with ordinality key (no, place)
                      join pg_attribute a on a.attrelid = c.oid and a.attnum = key.no
                     where a.attname <> 'organization_id')) order by t.relname, k.conname)
            from pg_constraint k join pg_class t on t.oid = k.confrelid
           where k.contype = 'f' and k.conrelid = c.oid and k.conparentid = 0 and t.relname <> 'organizations'), '[]')
           as references,
         coalesce((select json_agg(pg_get_constraintdef(k.oid) order by k.conname) from pg_constraint k
           where k.contype = 'u' and k.conrelid = c.oid and k.conname not like '%\\_organization\\_id\\_id\\_key'), '[]') as unique,
         (select json_build_object('audit', x.audit, 'retention', x.retention, 'personalData', x.personal_data)
            from ops.table_decisions x where n.nspname = 'app' and x.table_name = c.relname) as decision
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname in ('app', 'audit', 'ops', 'compat') and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
     and c.relname not in ('migrations_lock')
   order by n.nspname, c.relname`;

const FUNCTIONS = `
  select n.nspname || '.' || p.proname || '(' || pg_get_function_arguments(p.oid) || ')' as name,
         pg_get_function_result(p.oid) as returns, obj_description(p.oid, 'pg_proc') as comment, p.prosecdef as definer
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where n.nspname in ('app', 'audit', 'ops') and p.prorettype <> 'trigger'::regtype and p.prokind = 'f'
     and obj_description(p.oid, 'pg_proc') is not null
   order by 1`;
