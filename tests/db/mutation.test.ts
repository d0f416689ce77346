// The catalogue's rules have teeth: whatever is broken, one of them says so. Each mutation is made and judged in a
// transaction that is taken back.
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { RULES, type Ask, type Rule } from './support/catalogue-rules.ts';
import { policiesAreAsTheyShould } from './support/policy-rules.ts';

let db: TestDatabase;
let client: Client;
beforeAll(async () => {
  db = await createTestDatabase();
  client = new Client({ connectionString: db.adminUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await db.close();
});

async function violationsAfter(mutation: string, rule: Rule): Promise<string[]> {
  const ask: Ask = async <Row extends object>(text: string, values: readonly unknown[] = []) =>
    (await client.query<Row>(text, [...values])).rows;
  await client.query('begin');
  try {
    await client.query(mutation);
    return await rule(ask);
  } finally {
    await client.query('rollback');
  }
}

/** Mutations that no violation told of. */
async function unnoticed(mutations: readonly string[], rule: Rule): Promise<string[]> {
  expect(mutations.length).toBeGreaterThan(0);
  const missed: string[] = [];
  for (const mutation of mutations) if ((await violationsAfter(mutation, rule)).length === 0) missed.push(mutation);
  return missed;
}

const mutationsOf = async (query: string): Promise<string[]> =>
  (await db.query<{ mutation: string }>(query)).map((row) => row.mutation);

describe('the suite turns red when', () => {
  it('any one policy is dropped', async () => {
    const mutations = await mutationsOf(
      `select format('drop policy %I on %I.%I', policyname, schemaname, tablename) as mutation
         from pg_policies where schemaname in ('app', 'audit', 'ops')`,
    );
    expect(await unnoticed(mutations, policiesAreAsTheyShould)).toEqual([]);
  });

  it('any one policy lets everything through', async () => {
    const mutations = await mutationsOf(
      `select format('alter policy %I on %I.%I using (true)', policyname, schemaname, tablename) as mutation
         from pg_policies where schemaname in ('app', 'audit', 'ops') and qual <> 'true' and cmd <> 'INSERT'
       union all
       select format('alter policy %I on %I.%I with check (true)', policyname, schemaname, tablename)
         from pg_policies where schemaname in ('app', 'audit', 'ops') and with_check <> 'true'`,
    );
    expect(await unnoticed(mutations, policiesAreAsTheyShould)).toEqual([]);
  });

  it('a policy is added', async () => {
    const mutation = `create policy helpful on app.clients for select to app_api using (true)`;
    expect(await unnoticed([mutation], policiesAreAsTheyShould)).toEqual([]);
  });

  it('row security is not forced, or off, on any one table', async () => {
    const mutations = await mutationsOf(
      `select format('alter table %s %s row level security', oid::regclass, what) as mutation
         from pg_class, unnest(array['no force', 'disable']) what
        where relnamespace in ('app'::regnamespace, 'audit'::regnamespace) and relkind in ('r', 'p')`,
    );
    expect(await unnoticed(mutations, RULES['every table has row security, forced for its owner too'])).toEqual([]);
  });

  it('any one view runs with its owner’s rights', async () => {
    const mutations = await mutationsOf(
      `select format('alter view %I.%I set (security_invoker = false)', n.nspname, c.relname) as mutation
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('app', 'compat') and c.relkind = 'v'`,
    );
    expect(await unnoticed(mutations, RULES['every view runs with the rights of who asks'])).toEqual([]);
  });

  it('a foreign key forgets the organization', async () => {
    const mutations = await mutationsOf(
      `select format('alter table %s drop constraint %I, add constraint %I foreign key (%I) references %s (id)',
                conrelid::regclass, conname, conname, column_name, confrelid::regclass) as mutation
         from (select k.*, (select attname from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[2])
                 as column_name
                 from pg_constraint k join pg_class c on c.oid = k.conrelid
                where k.contype = 'f' and k.connamespace = 'app'::regnamespace and cardinality(k.conkey) = 2
                  and not c.relispartition) k`,
    );
    expect(
      await unnoticed(mutations, RULES['foreign keys between tables of an organization carry it on both sides']),
    ).toEqual([]);
  });

  it('an index that a foreign key needs is dropped', async () => {
    const rule = RULES['every foreign key has an index that begins with its columns'];
    expect(
      await unnoticed(['drop index app.payments_invoice_idx', 'drop index app.clients_couple_id_idx'], rule),
    ).toEqual([]);
  });

  it('a function with the owner’s rights is opened', async () => {
    const mutations = await mutationsOf(
      `select format('grant execute on function %s to public', p.oid::regprocedure) as mutation
         from pg_proc p where p.pronamespace in ('app'::regnamespace, 'ops'::regnamespace, 'audit'::regnamespace) and p.prosecdef
       union all
       select format('alter function %s reset search_path', p.oid::regprocedure)
         from pg_proc p where p.pronamespace in ('app'::regnamespace, 'ops'::regnamespace, 'audit'::regnamespace) and p.prosecdef`,
    );
    expect(
      await unnoticed(
        mutations,
        RULES['functions with the owner’s rights fix their search path and are closed to the public'],
      ),
    ).toEqual([]);
  });

  const SINGLE: readonly [string, string, keyof typeof RULES][] = [
    [
      'a role of programs becomes a superuser',
      'alter role app_worker superuser',
      'no role of programs is a superuser, passes by row security, owns or may become the owner',
    ],
    [
      'a role of programs passes by row security',
      'alter role app_api bypassrls',
      'no role of programs is a superuser, passes by row security, owns or may become the owner',
    ],
    [
      'a role of programs may become the owner',
      'grant app_owner to app_ops',
      'no role of programs is a superuser, passes by row security, owns or may become the owner',
    ],
    [
      'a role may truncate, which row security does not see',
      'grant truncate on app.clients to app_api',
      'no role of programs may truncate, reference, or attach triggers',
    ],
    ['a table is opened to the public', 'grant select on app.clients to public', 'nothing is granted to the public'],
    [
      'a partition is opened',
      `do $$ begin execute format('grant select on %s to app_api', (select inhrelid::regclass from pg_inherits
         where inhparent = 'app.activities'::regclass limit 1)); end $$`,
      'partitions are reached through their table only',
    ],
    [
      'a table belongs to somebody else',
      'alter table app.payments owner to postgres',
      'everything belongs to the owner role',
    ],
    [
      'a materialized view of tenants is opened',
      'create materialized view ops.all_clients as select * from app.clients; grant select on ops.all_clients to app_api',
      'no materialized view is open to a role of programs',
    ],
    [
      'a unique key holds over all organizations',
      'create unique index leak on app.forms (slug)',
      'unique keys of an organization’s table begin with it, or are known',
    ],
    [
      'a column gets an enum type',
      `create type app.mood as enum ('a'); alter table app.tasks add column mood app.mood`,
      'no index or column uses a type whose equality leaks past row security',
    ],
    ['a comment goes', 'comment on table app.clients is null', 'every table and view says what it is'],
    [
      'a table is added without a decision',
      'create table app.forgotten (id integer)',
      'every table has decided about audit, retention and personal data, and no other',
    ],
    [
      'updated_at is not kept any more',
      'drop trigger set_updated_at on app.clients',
      'updated_at is kept by a trigger',
    ],
    [
      'a constraint is not checked for the rows that are there',
      'alter table app.clients add constraint later check (version > 0) not valid',
      'no constraint is unchecked and no index broken',
    ],
    ['something lies in public', 'create table public.scratch (id integer)', 'the schema public is empty'],
  ];
  it.each(SINGLE)('%s', async (_name, mutation, rule) => {
    expect(await violationsAfter(mutation, RULES[rule])).not.toEqual([]);
  });
});
