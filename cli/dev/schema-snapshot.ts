import type { ClientBase } from 'pg';

/** Queries of the catalogue, each giving one line an object. Nothing in them depends on when or in what order it was made. */
const QUERIES: readonly string[] = [
  `select 'schema ' || nspname || ' ' || coalesce(nspacl::text, '') from pg_namespace n where OURS`,
  `select 'relation ' || c.oid::regclass || ' ' || c.relkind::text || ' owner ' || pg_get_userbyid(c.relowner)
       || ' security ' || c.relrowsecurity || '/' || c.relforcerowsecurity || ' options ' || coalesce(c.reloptions::text, '')
       || ' acl ' || coalesce((select string_agg(a::text, ' ' order by a::text) from unnest(c.relacl) a), '')
       || ' comment ' || coalesce(obj_description(c.oid, 'pg_class'), '')
       || ' bound ' || coalesce(pg_get_expr(c.relpartbound, c.oid), '')
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where OURS and c.relkind in ('r', 'p', 'v', 'm', 'S')`,
  // Without its place: a column that was taken away and put back stands at the end, and no program of ours asks for that.
  `select 'column ' || c.oid::regclass || ' ' || a.attname
       || ' ' || format_type(a.atttypid, a.atttypmod) || ' notnull ' || a.attnotnull || ' identity ' || a.attidentity::text
       || ' generated ' || a.attgenerated::text || ' default ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
       || ' acl ' || coalesce((select string_agg(x::text, ' ' order by x::text) from unnest(a.attacl) x), '')
       || ' comment ' || coalesce(col_description(c.oid, a.attnum), '')
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where OURS and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped`,
  `select 'constraint ' || k.conrelid::regclass || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid) || ' ' || k.convalidated
     from pg_constraint k join pg_namespace n on n.oid = k.connamespace where OURS and k.conrelid <> 0`,
  `select 'index ' || pg_get_indexdef(x.indexrelid) || ' valid ' || x.indisvalid
     from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace where OURS`,
  `select 'policy ' || p.polrelid::regclass || ' ' || p.polname || ' ' || p.polcmd::text || ' ' || p.polpermissive || ' '
       || (select string_agg(case when r = 0 then 'public' else pg_get_userbyid(r) end, ' ' order by 1) from unnest(p.polroles) r)
       || ' using ' || coalesce(pg_get_expr(p.polqual, p.polrelid), '')
       || ' check ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
     from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace where OURS`,
  `select 'trigger ' || t.tgrelid::regclass || ' ' || pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
     from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where OURS and not t.tgisinternal`,
  `select 'function ' || p.oid::regprocedure || ' owner ' || pg_get_userbyid(p.proowner)
       || ' acl ' || coalesce((select string_agg(a::text, ' ' order by a::text) from unnest(p.proacl) a), '')
       || ' comment ' || coalesce(obj_description(p.oid, 'pg_proc'), '') || E'\\n' || pg_get_functiondef(p.oid)
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace where OURS and p.prokind in ('f', 'p')`,
  `select 'view ' || c.oid::regclass || ' ' || pg_get_viewdef(c.oid)
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where OURS and c.relkind in ('v', 'm')`,
  `select 'type ' || t.oid::regtype || ' ' || t.typtype::text from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where OURS and t.typrelid = 0 and t.typelem = 0`,
];

/** The runner's own history is there before the first migration and stays after the last. */
const OURS = `n.nspname in ('app', 'audit', 'ops', 'compat', 'auth', 'public')`;
const HISTORY = /^(relation|column|constraint|index) [^\n]*ops\.(migration_runs|migrations|migrations_lock)/;

/**
 * Everything that makes up the schema of a database, one sorted line an object: what two databases must have in common
 * to be the same to every program.
 */
export async function schemaSnapshot(client: ClientBase): Promise<string[]> {
  const lines: string[] = [];
  for (const query of QUERIES) {
    const { rows } = await client.query<{ line: string }>(
      `select line from (${query.replace('OURS', OURS)}) as lines (line) order by line`,
    );
    lines.push(...rows.map((row) => row.line).filter((line) => !HISTORY.test(line)));
  }
  return lines;
}
