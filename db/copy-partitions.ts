import type { Client } from 'pg';

interface Partition {
  readonly schema: string;
  readonly name: string;
  readonly parent: string;
  readonly bounds: string;
}

/** Makes the months of logs which the one database has and the other has not, as secured as those made by itself. */
export async function copyPartitions(from: Client, to: Client): Promise<void> {
  const there = new Set((await partitionsOf(to)).map(({ name }) => name));
  for (const { schema, name, parent, bounds } of await partitionsOf(from)) {
    if (there.has(name)) continue;
    const table = `${schema}.${name}`;
    await to.query(`create table ${table} partition of ${parent} ${bounds}`);
    await to.query(`alter table ${table} owner to app_owner, enable row level security, force row level security`);
    await to.query(`create policy owner_all on ${table} for all to app_owner using (true) with check (true)`);
    if (schema !== 'audit') continue;
    await to.query(`create trigger refuse_truncate before truncate on ${table}
      for each statement execute function audit.refuse_change()`);
  }
}

async function partitionsOf(client: Client): Promise<Partition[]> {
  const { rows } = await client.query<Partition>(
    `select c.relnamespace::regnamespace::text as schema, c.relname::text as name, i.inhparent::regclass::text as parent,
            pg_get_expr(c.relpartbound, c.oid) as bounds
       from pg_class c join pg_inherits i on i.inhrelid = c.oid
      where c.relispartition and c.relkind = 'r' and c.relnamespace::regnamespace::text in ('app', 'audit')
      order by 1, 2`,
  );
  return rows;
}
