import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CHECK_MESSAGES } from '../../db/constraints/check-messages.ts';
import { describeConstraint } from '../../db/constraints/describe-constraint.ts';
import { UNIQUE_MESSAGES } from '../../db/constraints/unique-messages.ts';
import { databaseProblem, type DatabaseProblem } from '../../db/database-problem.ts';
import { COLUMN_LISTS } from '../../db/domain.ts';
import { withTenant } from '../../db/tenant.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { oneRowOfEach } from './support/one-row-of-each.ts';

let db: TestDatabase;
let organizationId: string;
let names: string[];

beforeAll(async () => {
  db = await createTestDatabase();
  organizationId = await oneRowOfEach(db, 'own');
  const rows = await db.query<{ name: string }>(`
    select k.conname as name from pg_constraint k join pg_class c on c.oid = k.conrelid
     where k.connamespace = 'app'::regnamespace and k.conparentid = 0 and not c.relispartition
       and k.contype in ('c', 'f', 'p', 'u', 'x')
    union
    select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
     where c.relnamespace = 'app'::regnamespace and x.indisunique and not c.relispartition`);
  names = rows.map((row) => row.name);
});
afterAll(() => db.close());

/** What the person gets who tries a statement as the API. */
async function tried(statement: string): Promise<DatabaseProblem | null> {
  try {
    await withTenant(db.api, { organizationId, actor: 'test' }, (trx) => sql.raw(statement).execute(trx));
    throw new Error(`was not refused: ${statement}`);
  } catch (error) {
    return databaseProblem(error);
  }
}

describe('constraints', () => {
  it('each has a sentence', () => {
    expect(names.length).toBeGreaterThan(300);
    expect(names.filter((name) => describeConstraint(name) === null)).toEqual([]);
  });

  it('no sentence is about a constraint that is gone', () => {
    const written = [...Object.keys(CHECK_MESSAGES), ...Object.keys(UNIQUE_MESSAGES)];
    expect(written.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('a name that nobody knows has none', () => {
    expect(describeConstraint('clients_mood_check')).toBeNull();
    expect(describeConstraint('clients_mood_fkey')).toBeNull();
  });

  it('a closed list in the database is the union in TypeScript', async () => {
    const lists = await db.query<{ column: string; values: string[] }>(`
      select c.relname || '.' || a.attname as column,
             array(select m[1] from regexp_matches(pg_get_constraintdef(k.oid), '''([^'']+)''::text', 'g') m) as values
        from pg_constraint k
        join pg_class c on c.oid = k.conrelid
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
       where k.contype = 'c' and k.connamespace = 'app'::regnamespace and not c.relispartition
         and cardinality(k.conkey) = 1 and format_type(a.atttypid, null) = 'text'
         and pg_get_constraintdef(k.oid) ~ '= ANY \\(ARRAY\\['`);
    const inDatabase = Object.fromEntries(lists.map(({ column, values }) => [column, values]));
    const inCode = Object.fromEntries(
      Object.entries(COLUMN_LISTS).map(([column, { values }]) => [column, [...values]]),
    );
    expect(inDatabase).toEqual(inCode);
  });
});

describe('what the database refuses reaches the caller as a sentence with its field', () => {
  it.each([
    [
      `insert into app.clients (wedding_date) values ('1970-01-01')`,
      { code: 'invalid_value', field: 'weddingDate', message: 'The wedding must be between 1990 and 2199.' },
    ],
    [
      `insert into app.clients (status) values ('engaged')`,
      {
        code: 'invalid_value',
        field: 'status',
        message: 'Must be one of lead, booked, married, cancelled, archived.',
      },
    ],
    [
      `insert into app.clients (wedding_timezone) values ('Europe/Londn')`,
      { code: 'invalid_value', field: 'weddingTimezone' },
    ],
    [`insert into app.clients (wedding_date) values ('2027-02-31')`, { code: 'invalid_value', field: null }],
    [`insert into app.clients (partner_1_name) values (null)`, { code: 'missing_value', field: 'partner1Name' }],
    [
      `insert into app.forms (slug, name) values ('questionnaire', 'Again')`,
      { code: 'already_exists', field: 'slug', message: 'A form with this short name is there already.' },
    ],
    [
      `insert into app.tasks (client_id, title) values ('00000000-0000-4000-8000-000000000000', 'x')`,
      { code: 'not_found', field: 'clientId', message: 'There is no such couple.' },
    ],
    [`delete from app.clients`, { code: 'in_use', field: null }],
    [`insert into app.outbox (event) values ('event')`, { code: 'not_allowed' }],
    [
      `insert into app.payments (client_id, amount) select id, 0 from app.clients`,
      { code: 'invalid_value', field: 'amount' },
    ],
  ])('%s', async (statement, problem) => {
    expect(await tried(statement)).toMatchObject(problem);
  });

  it('says nothing of errors that are none of the caller’s', () => {
    expect(databaseProblem(new Error('x'))).toBeNull();
    expect(databaseProblem(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toBeNull();
    expect(databaseProblem(null)).toBeNull();
  });
});

describe('the subscription’s limits', () => {
  const problem = { code: 'limit_reached', message: expect.stringContaining('does not allow more couples') as string };

  it('hold in the transaction that inserts, also for two at once', async () => {
    await db.query(`update app.organizations set max_clients = (select count(*) + 1 from app.clients) where id = $1`, [
      organizationId,
    ]);
    const insert = (name: string): Promise<unknown> =>
      withTenant(db.api, { organizationId, actor: 'test' }, (trx) =>
        trx.insertInto('clients').values({ partner_1_name: name }).execute(),
      ).catch((error: unknown) => databaseProblem(error));
    const results = await Promise.all([insert('a'), insert('b'), insert('c')]);
    expect(results.filter((result) => (result as DatabaseProblem).code === 'limit_reached')).toHaveLength(2);
    expect(await tried(`insert into app.clients (partner_1_name) values ('d')`)).toMatchObject(problem);
  });

  it('let an organization that is over its limit change and archive what it has', async () => {
    await db.query(`update app.organizations set max_clients = 0 where id = $1`, [organizationId]);
    const renamed = await withTenant(db.api, { organizationId, actor: 'test' }, (trx) =>
      sql`update app.clients set partner_2_name = 'Sam'`.execute(trx),
    );
    expect(renamed.numAffectedRows).toBeGreaterThan(0n);
    await withTenant(db.api, { organizationId, actor: 'test' }, (trx) =>
      sql`update app.clients set status = 'archived'`.execute(trx),
    );
    expect(await tried(`update app.clients set status = 'booked'`)).toMatchObject(problem);
  });

  it('are those of the tier where none were agreed with the organization', async () => {
    await db.query(`update ops.tier_limits set max_forms = 3 where pricing_tier = 'starter'`);
    const [row] = await db.query<{ id: string }>(
      `insert into app.organizations (name, slug, pricing_tier) values ('Tiered', 'tiered', 'starter') returning id`,
    );
    const id = row?.id ?? '';
    const add = (slug: string): Promise<unknown> =>
      withTenant(db.api, { organizationId: id, actor: 'test' }, (trx) =>
        trx.insertInto('forms').values({ slug, name: slug }).execute(),
      ).catch((error: unknown) => databaseProblem(error)?.code);
    for (const slug of ['one', 'two', 'three']) expect(await add(slug)).not.toBe('limit_reached');
    expect(await add('four')).toBe('limit_reached');
    const [usage] = await db.query(
      `select used, allowed from ops.get_resource_usage_by_supplier('${id}') where resource = 'forms'`,
    );
    expect(usage).toEqual({ used: '3', allowed: 3 });
    await db.query(`update app.organizations set max_forms = 4 where id = $1`, [id]);
    expect(await add('four')).not.toBe('limit_reached');
    await db.query(`update app.organizations set max_forms = null, pricing_tier = 'scale' where id = $1`, [id]);
    expect(await add('five')).not.toBe('limit_reached');
  });
});
