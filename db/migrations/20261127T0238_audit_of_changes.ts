import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** Where the two forms of the generator differ. */
interface Form {
  /** Variables of the generator. */
  readonly declared: string;
  /** Reads the columns of the table into its variables. */
  readonly columns: string;
  /** What an update shows of the old and the new row, and whence. */
  readonly values: string;
  readonly rows: string;
  /** Further arguments of the text: 10 and 11. */
  readonly given: string;
}

/** Both rows as JSON, of which the columns that changed are kept: most of the work is thrown away. */
const WHOLE_ROWS: Form = {
  declared: '',
  columns: `    select array_agg(a.attname::text order by a.attnum),
           array_agg(a.attname::text order by a.attnum) filter (where not decision.personal_data
             or a.atttypid not in ('text'::regtype, 'varchar'::regtype, 'jsonb'::regtype, 'json'::regtype,
                                   'text[]'::regtype, 'inet'::regtype)
             or exists (select from audit.plain_columns p where p.table_name = of_table and p.column_name = a.attname)
             or exists (select from pg_constraint c where c.conrelid = relation and c.contype = 'c'
                          and c.conkey = array[a.attnum] and pg_get_constraintdef(c.oid) like '%= ANY (ARRAY[%')),
           string_agg(format('case when n.%1$I is distinct from o.%1$I then %1$L end', a.attname), ', '
                      order by a.attnum)
      into kept, plain, compared
      from pg_attribute a
     where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       and a.atttypid <> 'bytea'::regtype and a.attname not in ('updated_at', 'version');
`,
  values: `
      (select jsonb_object_agg(c, case when c = any (plain) then j.o -> c else audit.mask(k.key, j.o -> c) end) from unnest(d.changed) as c),
      (select jsonb_object_agg(c, case when c = any (plain) then j.n -> c else audit.mask(k.key, j.n -> c) end) from unnest(d.changed) as c)`,
  rows: `
      cross join lateral (select to_jsonb(o) as o, to_jsonb(n) as n offset 0) j`,
  given: '',
};

/** Only what changed becomes JSON. */
const CHANGES: Form = {
  declared: `    old_members text;
    new_members text;
`,
  columns: `    select array_agg(c.name order by c.attnum), array_agg(c.name order by c.attnum) filter (where c.is_plain),
           string_agg(format('case when n.%1$I is distinct from o.%1$I then %1$L end', c.name), ', ' order by c.attnum),
           string_agg(format(c.member, 'o'), ', ' order by c.attnum),
           string_agg(format(c.member, 'n'), ', ' order by c.attnum)
      into kept, plain, compared, old_members, new_members
      from (select p.*, format('case when n.%1$I is distinct from o.%1$I then %2$L || coalesce(%3$s::text, %4$L) end',
                     p.name, to_json(p.name) || ':',
                     format(case when p.is_plain then 'to_json(%%1$s.%I)' else 'audit.mask(k.key, to_jsonb(%%1$s.%I))' end, p.name),
                     'null') as member
              from (select a.attnum, a.attname::text as name,
                           not decision.personal_data
                           or a.atttypid not in ('text'::regtype, 'varchar'::regtype, 'jsonb'::regtype, 'json'::regtype,
                                                 'text[]'::regtype, 'inet'::regtype)
                           or exists (select from audit.plain_columns p
                                       where p.table_name = of_table and p.column_name = a.attname)
                           or exists (select from pg_constraint c where c.conrelid = relation and c.contype = 'c'
                                        and c.conkey = array[a.attnum]
                                        and pg_get_constraintdef(c.oid) like '%= ANY (ARRAY[%') as is_plain
                      from pg_attribute a
                     where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                       and a.atttypid <> 'bytea'::regtype and a.attname not in ('updated_at', 'version')) p) c;
`,
  values: `
      ('{' || concat_ws(',', %10$s) || '}')::jsonb,
      ('{' || concat_ws(',', %11$s) || '}')::jsonb`,
  rows: '',
  given: ', old_members, new_members',
};

export async function up(db: MigrationDatabase): Promise<void> {
  await run(db, functionText(CHANGES), `select audit.attach_all()`);
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, functionText(WHOLE_ROWS), `select audit.attach_all()`);
}

/**
 * Writes the function that audits a table, with the table's columns in it: comparing them by name in static SQL is
 * several times faster than taking both rows apart as JSON, and ten thousand couples may move in one statement.
 */
const functionText = ({ declared, columns, values, rows, given }: Form): string => `
  create or replace function audit.function_text(of_table text) returns text language plpgsql stable
    set search_path = pg_catalog, pg_temp as $outer$
  declare
    decision ops.table_decisions;
    relation oid := format('app.%I', of_table)::regclass;
    has_organization boolean;
    organization text;
    key_column text;
    kept text[];
    plain text[];
    compared text;
${declared}    head text;
    context text;
  begin
    select * into strict decision from ops.table_decisions where table_name = of_table;
${columns}    has_organization := exists (select from pg_attribute where attrelid = relation and attname = 'organization_id'
                                   and not attisdropped);
    key_column := case when exists (select from pg_attribute where attrelid = relation and attname = 'id'
                                      and not attisdropped) then 'id' else 'organization_id' end;
    organization := case when has_organization then '%1$s.organization_id'
                         when of_table = 'organizations' then '%1$s.id' else 'null::uuid' end;
    head := format('insert into audit.audit_logs (retention_class, organization_id, actor, actor_type, user_id, request_id,
      table_name, record_id, action, changed_columns, old_values, new_values)
      select %L, ', decision.audit);
    context := format(', acting, acting_type, acting_user, request, %L, ', of_table);
    return format($body$
declare
  acting constant text := audit.actor();
  acting_type constant text := audit.actor_type(acting);
  acting_user constant uuid := audit.actor_user(acting);
  request constant text := nullif(current_setting('app.request_id', true), '');
  kept constant text[] := %1$L;
  plain constant text[] := %2$L;
begin
  if tg_op = 'INSERT' then
    %3$s
    %4$s%5$sn.%6$I::text, 'insert', null, null, audit.shown(to_jsonb(n), kept, plain, k.key)
      from new_rows n left join audit.mask_keys k on k.organization_id = coalesce(%4$s, %9$L);
  elsif tg_op = 'UPDATE' then
    %3$s
    %4$s%5$sn.%6$I::text, 'update', d.changed, ${values}
      from new_rows n join old_rows o using (%6$I)
      cross join lateral (select array_remove(array[%7$s], null) as changed offset 0) d${rows}
      left join audit.mask_keys k on k.organization_id = coalesce(%4$s, %9$L)
     where cardinality(d.changed) > 0;
  else
    %3$s
    %8$s%5$so.%6$I::text, 'delete', null, audit.shown(to_jsonb(o), kept, plain, k.key), null
      from old_rows o left join audit.mask_keys k on k.organization_id = coalesce(%8$s, %9$L);
  end if;
  return null;
end $body$,
      kept, plain, head, format(organization, 'n'), context, key_column, compared, format(organization, 'o'),
      '00000000-0000-0000-0000-000000000000'${given});
  end $outer$`;
