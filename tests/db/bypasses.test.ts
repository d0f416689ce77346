// Known ways around row security, each tried.
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { openAttacker, type Attacker } from './support/attack.ts';
import { oneRowOfEach } from './support/one-row-of-each.ts';

const FORBIDDEN = { refused: '42501' };

let db: TestDatabase;
let own: string;
let other: string;
let api: Attacker;

beforeAll(async () => {
  db = await createTestDatabase();
  [own, other] = [await oneRowOfEach(db, 'own'), await oneRowOfEach(db, 'other')];
  api = await openAttacker(db.urlOf('app_api'));
});
afterAll(async () => {
  await api.close();
  await db.close();
});

const idOf = async (table: string, organization: string): Promise<string> => {
  const [row] = await db.query<{ id: string }>(`select id from app.${table} where organization_id = $1`, [
    organization,
  ]);
  return row?.id ?? '';
};
const asOwn = (statement: string, values?: readonly unknown[]) => api.attempt({ organization: own }, statement, values);

describe('a way around row security', () => {
  it('by switching it off is an error, not a way', async () => {
    expect(await api.attempt({ organization: own }, `select set_config('row_security', 'off', true)`)).toEqual({
      rows: 1,
    });
    const client = new Client({ connectionString: db.urlOf('app_api') });
    await client.connect();
    await client.query('set row_security = off');
    await expect(client.query('select from app.clients')).rejects.toMatchObject({ code: '42501' });
    await client.end();
  });

  it('by becoming another role is refused', async () => {
    for (const role of ['app_owner', 'app_relay', 'app_migrator', 'postgres']) {
      expect(await asOwn(`set local role ${role}`)).toEqual(FORBIDDEN);
    }
  });

  it('by a partition is refused', async () => {
    const partitions = await db.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent in
         ('app.activities'::regclass, 'app.communication_events'::regclass, 'app.security_events'::regclass)`,
    );
    expect(partitions.length).toBeGreaterThan(5);
    for (const { name } of partitions) expect(await asOwn(`select from ${name}`)).toEqual(FORBIDDEN);
  });

  it('by truncating is refused', async () => {
    expect(await asOwn('truncate app.activities')).toEqual(FORBIDDEN);
  });

  it('by copying in is refused, and copying out shows one’s own rows only', async () => {
    expect(await asOwn(`copy app.tasks (organization_id, title) from stdin`)).toEqual({ refused: '0A000' });
    expect(await asOwn(`copy app.clients to stdout`)).toMatchObject({ rows: 1 });
  });

  it('by a view of one’s own is none: nobody may create one', async () => {
    expect(await asOwn('create view app.mine as select * from app.clients')).toEqual(FORBIDDEN);
    expect(await asOwn('create table app.mine (id integer)')).toEqual(FORBIDDEN);
    expect(await asOwn('create temporary table mine (id integer)')).toEqual(FORBIDDEN);
    expect(await asOwn('create function app.mine() returns integer language sql return 1')).toEqual(FORBIDDEN);
    expect(await asOwn('create table public.mine (id integer)')).toEqual(FORBIDDEN);
  });

  it('by referring to another organization’s row is refused as if it did not exist', async () => {
    const missing = '00000000-0000-4000-8000-000000000000';
    for (const client of [await idOf('clients', other), missing]) {
      expect(await asOwn(`insert into app.tasks (client_id, title) values ($1, 'x')`, [client])).toEqual({
        refused: '23503',
      });
    }
  });

  it('by a unique key tells nothing: two organizations may use the same one', async () => {
    const attempts = [
      `insert into app.invoices (client_id, invoice_number, subtotal_amount, total_amount) values ($1, 'OTHER-1', 1, 1)`,
      `insert into app.communications (client_id, idempotency_key, type) values ($1, 'other', 'email')`,
      `insert into app.client_events (client_id, name, dedup_key) values ($1, 'x', 'other')`,
    ];
    await db.query(`update app.invoices set invoice_number = 'OTHER-1' where organization_id = $1`, [other]);
    for (const attempt of attempts) expect(await asOwn(attempt, [await idOf('clients', own)])).toEqual({ rows: 1 });
  });

  it('by upsert does not reach another organization’s row', async () => {
    const id = await idOf('clients', other);
    const upsert = `insert into app.clients (id, partner_1_name) values ($1, 'mine')
      on conflict (id) do update set partner_1_name = 'mine'`;
    expect(await asOwn(upsert, [id])).toEqual(FORBIDDEN);
    expect(await asOwn(`insert into app.clients (id) values ($1) on conflict do nothing`, [id])).toEqual({ rows: 0 });
  });

  it('by planner statistics shows nothing', async () => {
    await db.query('analyze app.clients');
    expect(await asOwn(`select from pg_stats where schemaname = 'app'`)).toEqual({ rows: 0 });
  });

  it('by an error in a condition reveals nothing: row security is asked first', async () => {
    const leak = `select from app.clients where (1 / (case when partner_1_name = 'other' then 0 else 1 end)) = 1`;
    expect(await asOwn(leak)).toEqual({ rows: 1 });
  });

  it('by a function that a search path swaps is none: functions with the owner’s rights fix theirs', async () => {
    const client = new Client({ connectionString: db.urlOf('app_api') });
    await client.connect();
    await client.query(`select set_config('search_path', 'pg_temp, app', false)`);
    const { rows } = await client.query(
      `select app.receive_webhook_event('custom', 'evt_path', 'x', '{}', false) as id`,
    );
    expect(rows).toHaveLength(1);
    await client.end();
  });

  it('by writing the outbox is refused: only what happened writes it', async () => {
    expect(await asOwn(`insert into app.outbox (event) values ('client.booked')`)).toEqual(FORBIDDEN);
    expect(await asOwn(`delete from app.outbox`)).toEqual(FORBIDDEN);
  });

  it('by pretending that one of our own events happened is refused', async () => {
    expect(
      await asOwn(`insert into app.client_events (client_id, name) values ($1, 'payment.succeeded')`, [
        await idOf('clients', own),
      ]),
    ).toEqual({ refused: '23514' });
  });

  it('by a published version that is changed afterwards is refused', async () => {
    expect(await asOwn(`update app.journey_versions set definition = '{}'`)).toEqual(FORBIDDEN);
    expect(await asOwn(`delete from app.journey_versions`)).toEqual(FORBIDDEN);
  });
});

describe('row security cannot do everything, and this is its limit', () => {
  it('whoever can run any SQL as a role of programs can choose the organization', async () => {
    // Documented in docs/database.md: row security is a net for a forgotten condition, not a wall against injected SQL.
    expect(await api.attempt({ organization: other }, 'select from app.clients')).toEqual({ rows: 1 });
  });
});
