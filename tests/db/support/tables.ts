import type { TestDatabase } from '../../support/postgres.ts';

export interface TableFacts {
  name: string;
  /** Columns that can be written. */
  columns: string[];
  /** The organization's column: `id` of organizations itself; null where a table belongs to none. */
  tenantColumn: string | null;
}

/** Every table of app but partitions, from the catalogue: a new table is attacked without being listed. */
export async function readTables(db: TestDatabase): Promise<TableFacts[]> {
  return db.query<TableFacts>(`
    select c.relname as name,
           array_agg(a.attname::text order by a.attnum) filter (where a.attgenerated = '' and a.attidentity <> 'a') as columns,
           case when c.relname = 'organizations' then 'id'
                when bool_or(a.attname = 'organization_id') then 'organization_id' end as "tenantColumn"
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     group by c.relname order by c.relname`);
}
