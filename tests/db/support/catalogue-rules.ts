// What must hold for every object of the database, as queries over its catalogue. Each gives one line per violation.

/** Runs a query of the catalogue; in a mutation test inside the transaction that made the mutation. */
export type Ask = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
export type Rule = (ask: Ask) => Promise<string[]>;

const OURS = `('app', 'audit', 'ops', 'compat')`;
/** Roles that programs work as; app_migrator may become the owner and is none of them. */
const RUNTIME = `('app_api', 'app_worker', 'app_relay', 'app_auth', 'app_readonly', 'app_ops')`;
const TABLES = `pg_class c join pg_namespace n on n.oid = c.relnamespace`;

const lines =
  (text: string): Rule =>
  async (ask) =>
    (await ask<{ line: string }>(text)).map((row) => row.line);

/** Unique indexes which hold over all organizations, each with its reason. */
const GLOBALLY_UNIQUE: Readonly<Record<string, string>> = {
  organizations_slug_key: 'the name in addresses',
  organizations_stripe_customer_id_key: "the payment provider's name for the organization",
  organizations_stripe_subscription_id_key: "the payment provider's name for the subscription",
  journey_executions_workflow_id_key: 'contains the organization, as text',
  api_keys_key_prefix_key: 'random; looked up before the organization is known',
  api_keys_key_hash_key: 'a hash of random bytes; looked up before the organization is known',
  inbound_endpoints_token_hash_key: 'a hash of random bytes; looked up before the organization is known',
  inbound_endpoints_account_key: 'an account at Stripe belongs to one organization; asked before it is known',
  contact_links_token_key: 'random bits; looked up before the organization is known',
  form_links_token_key: 'random bits; looked up before the organization is known',
  webhook_events_external_event_id_key: 'known before the organization is',
  users_email_normalized_key: 'a login belongs to no organization',
  couple_members_partner_no_key: 'a couple belongs to no organization',
  couple_members_user_id_key: 'a couple belongs to no organization',
};

/** Tables without an organization of their own in every row, each with its reason. */
const OF_NO_ORGANIZATION: Readonly<Record<string, string>> = {
  organizations: 'it is the organization',
  users: 'a login may belong to several',
  couples: 'an account of the couple, for all its suppliers',
  couple_members: 'a login of such an account',
  core_fields: 'NULL: a field of the platform',
  webhook_events: 'NULL until it is known whose it is',
  security_events: 'NULL: a sign-in before it is known whose it is',
};

export const RULES = {
  'every table has row security, forced for its owner too': lines(`
    select n.nspname || '.' || c.relname as line from ${TABLES}
     where (n.nspname in ('app', 'audit') or exists (
              select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id'))
       and n.nspname in ${OURS} and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`),

  'every view runs with the rights of who asks': lines(`
    select n.nspname || '.' || c.relname as line from ${TABLES}
     where n.nspname in ('app', 'compat') and c.relkind = 'v'
       and not coalesce(c.reloptions @> '{security_invoker=true}', false)`),

  'no materialized view is open to a role of programs': lines(`
    select n.nspname || '.' || c.relname || ' to ' || r.rolname as line
      from ${TABLES}, pg_roles r
     where n.nspname in ${OURS} and c.relkind = 'm' and r.rolname in ${RUNTIME} and r.rolname <> 'app_ops'
       and has_table_privilege(r.oid, c.oid, 'select')`),

  'everything belongs to the owner role': lines(`
    select n.nspname || '.' || c.relname as line from ${TABLES}
     where n.nspname in ${OURS} and c.relkind in ('r', 'p', 'v', 'm', 'S') and pg_get_userbyid(c.relowner) <> 'app_owner'
    union all
    select n.nspname || '.' || p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname in ${OURS} and pg_get_userbyid(p.proowner) <> 'app_owner'`),

  'foreign keys between tables of an organization carry it on both sides': lines(`
    select k.conname as line from pg_constraint k
     where k.contype = 'f' and k.connamespace = 'app'::regnamespace and k.conparentid = 0
       and exists (select from pg_attribute a where a.attrelid = k.conrelid and a.attname = 'organization_id')
       and exists (select from pg_attribute a where a.attrelid = k.confrelid and a.attname = 'organization_id' and a.attnotnull)
       and not exists (
         select from unnest(k.conkey, k.confkey) as pair (from_no, to_no)
          join pg_attribute f on f.attrelid = k.conrelid and f.attnum = pair.from_no
          join pg_attribute t on t.attrelid = k.confrelid and t.attnum = pair.to_no
         where f.attname = 'organization_id' and t.attname = 'organization_id')`),

  'every table belongs to an organization, or is known not to': async (ask) => {
    const rows = await ask<{ line: string }>(`
      select c.relname as line from pg_class c
       where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         and not exists (select from pg_attribute a
                          where a.attrelid = c.oid and a.attname = 'organization_id' and a.attnotnull)`);
    return rows.map((row) => row.line).filter((name) => !(name in OF_NO_ORGANIZATION));
  },

  'what has an id can be referred to together with its organization': lines(`
    select c.relname as line from pg_class c
      join pg_attribute o on o.attrelid = c.oid and o.attname = 'organization_id' and o.attnotnull
      join pg_attribute i on i.attrelid = c.oid and i.attname = 'id' and i.atttypid = 'uuid'::regtype
     where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and not exists (select from pg_index x where x.indrelid = c.oid and x.indisunique
                          and x.indkey::text = o.attnum || ' ' || i.attnum)`),

  'unique keys of an organization’s table begin with it, or are known': async (ask) => {
    const rows = await ask<{ line: string }>(`
      select i.relname as line
        from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
       where c.relnamespace = 'app'::regnamespace and x.indisunique and not x.indisprimary and not c.relispartition
         and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum = any(x.indkey::int2[])
                            and a.attname = 'organization_id')`);
    return rows.map((row) => row.line).filter((name) => !(name in GLOBALLY_UNIQUE));
  },

  'every foreign key has an index that begins with its columns': lines(`
    select k.conrelid::regclass || ' ' || k.conname as line from pg_constraint k
     where k.contype = 'f' and k.connamespace = 'app'::regnamespace and k.conparentid = 0
       -- The organization itself leads every index; erasing one is the only reader of these keys alone.
       and k.confrelid <> 'app.organizations'::regclass
       and not exists (
         select from pg_index x
          where x.indrelid = k.conrelid
            and (select array_agg(column_no order by column_no)
                   from unnest((x.indkey::int2[])[0:cardinality(k.conkey) - 1]) column_no)
              = (select array_agg(column_no order by column_no) from unnest(k.conkey) column_no))`),

  'no index or column uses a type whose equality leaks past row security': lines(`
    select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, null) as line
      from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
     where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
       and (t.typtype = 'e' or t.typname in ('citext', 'numeric', 'money', 'json', 'timestamp', 'timetz', 'float4', 'float8'))`),

  'functions with the owner’s rights fix their search path and are closed to the public': lines(`
    select n.nspname || '.' || p.proname as line from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname in ${OURS} and p.prosecdef
       and (not coalesce(array_to_string(p.proconfig, ',') like 'search_path=%', false)
         or has_function_privilege('public', p.oid, 'execute'))`),

  'no role of programs is a superuser, passes by row security, owns or may become the owner': lines(`
    select r.rolname as line from pg_roles r
     where r.rolname in ${RUNTIME}
       and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication
         or pg_has_role(r.oid, 'app_owner', 'member'))`),

  'no role of programs may truncate, reference, or attach triggers': lines(`
    select g.grantee || ' ' || g.privilege_type || ' ' || g.table_schema || '.' || g.table_name as line
      from information_schema.role_table_grants g
     where g.table_schema in ${OURS} and g.grantee <> 'app_owner'
       and g.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER')`),

  'nothing is granted to the public': lines(`
    select c.relname || ' ' || a.privilege_type as line from ${TABLES}, aclexplode(c.relacl) a
     where n.nspname in ${OURS} and a.grantee = 0
    union all
    select 'schema ' || n.nspname || ' ' || a.privilege_type from pg_namespace n, aclexplode(n.nspacl) a
     where n.nspname in ('app', 'audit', 'ops', 'compat', 'public') and a.grantee = 0`),

  'partitions are reached through their table only': lines(`
    select c.relname || ' to ' || pg_get_userbyid(a.grantee) as line from ${TABLES}, aclexplode(c.relacl) a
     where n.nspname in ${OURS} and c.relispartition and pg_get_userbyid(a.grantee) <> 'app_owner'`),

  'every table and view says what it is': lines(`
    select n.nspname || '.' || c.relname as line from ${TABLES}
     where n.nspname in ${OURS} and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
       and c.relname not in ('migrations', 'migrations_lock')
       and not exists (select from pg_class p join pg_inherits h on h.inhparent = p.oid where h.inhrelid = c.oid)
       and coalesce(obj_description(c.oid, 'pg_class'), '') = ''`),

  'every table has decided about audit, retention and personal data, and no other': lines(`
    select coalesce(c.relname, d.table_name) as line
      from (select relname from pg_class where relnamespace = 'app'::regnamespace and relkind in ('r', 'p')
               and not relispartition) c
      full join ops.table_decisions d on d.table_name = c.relname
     where c.relname is null or d.table_name is null`),

  'every audited table has the trigger, and no other': lines(`
    select d.table_name as line from ops.table_decisions d
     where to_regnamespace('audit') is not null
       and (d.audit <> 'none') <> exists (
         select from pg_trigger t join pg_proc p on p.oid = t.tgfoid
          where t.tgrelid = ('app.' || d.table_name)::regclass and p.pronamespace = to_regnamespace('audit')
            and not t.tgisinternal and p.proname <> 'keep_mask_key')`),

  'updated_at is kept by a trigger': lines(`
    select c.relname as line from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'updated_at'
     where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'set_updated_at' and t.tgenabled = 'O')`),

  'no constraint is unchecked and no index broken': lines(`
    select conname as line from pg_constraint k join pg_namespace n on n.oid = k.connamespace
     where n.nspname in ${OURS} and not k.convalidated
    union all
    select indexrelid::regclass::text from pg_index where not indisvalid`),

  'the schema public is empty': lines(`
    select c.relname as line from pg_class c where c.relnamespace = 'public'::regnamespace
    union all select p.proname from pg_proc p where p.pronamespace = 'public'::regnamespace`),
} as const satisfies Record<string, Rule>;
