import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { insertPayment } from '../../db/clients.ts';
import { withTenant } from '../../db/tenant.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

interface Entry {
  id: string;
  retention_class: string;
  actor: string;
  actor_type: string;
  request_id: string | null;
  action: string;
  changed_columns: string[] | null;
  old_values: Record<string, unknown> | null;
  new_values: Record<string, unknown> | null;
}

let db: TestDatabase;
let organizationId: string;
let clientId: string;
const USER = 'user:0d4c2f7e-5b52-4b1a-9a53-2f6a3f5f6c11';

beforeAll(async () => {
  db = await createTestDatabase();
  organizationId = await newOrganization('audited');
  clientId = await newClient('Priya');
});
afterAll(() => db.close());

async function newOrganization(slug: string): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `insert into app.organizations (name, slug) values ($1, $1) returning id`,
    [slug],
  );
  return row?.id ?? '';
}

async function newClient(name: string): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name, wedding_date) values ($1, $2, '2027-06-12') returning id`,
    [organizationId, name],
  );
  return row?.id ?? '';
}

const entriesOf = (recordId: string): Promise<Entry[]> =>
  db.query<Entry>(`select * from audit.audit_logs where record_id = $1 order by id`, [recordId]);

async function last(recordId: string): Promise<Entry> {
  const entry = (await entriesOf(recordId)).at(-1);
  if (entry === undefined) throw new Error('nothing was audited');
  return entry;
}

describe('audit of a change', () => {
  it('says who did it, in which request, and which columns changed', async () => {
    await withTenant(db.api, { organizationId, actor: USER, requestId: 'r-7' }, (trx) =>
      trx.updateTable('clients').set({ wedding_date: '2027-07-17' }).where('id', '=', clientId).execute(),
    );
    const entry = await last(clientId);
    expect(entry).toMatchObject({ actor: USER, actor_type: 'user', request_id: 'r-7', action: 'update' });
    expect(entry.changed_columns).toEqual(['wedding_date', 'wedding_changed_at']);
    expect(entry.old_values).toMatchObject({ wedding_date: '2027-06-12' });
    expect(entry.new_values).toMatchObject({ wedding_date: '2027-07-17' });
  });

  it('names the login role of a program that says nothing about itself', async () => {
    await db.query(`update app.clients set guest_count = 80 where id = $1`, [clientId]);
    expect(await last(clientId)).toMatchObject({ actor: 'database:postgres', actor_type: 'database' });
  });

  it('masks what tells something about a person, the same value alike, and keeps no clear text anywhere', async () => {
    const secret = 'Seraphina Quicksilver';
    const id = await newClient(secret);
    await db.query(`update app.clients set partner_2_name = $2, venue = 'Kestrel House' where id = $1`, [id, secret]);
    const [created, changed] = await entriesOf(id);
    expect(created?.new_values?.['partner_1_name']).toMatch(/^~[0-9a-f]{16}$/);
    expect(changed?.new_values?.['partner_2_name']).toBe(created?.new_values?.['partner_1_name']);
    const [{ found } = { found: '' }] = await db.query<{ found: string }>(
      `select count(*) as found from audit.audit_logs l where l::text ~ 'Seraphina|Kestrel'`,
    );
    expect(found).toBe('0');
  });

  it('gives the same name another mask in another organization', async () => {
    const other = await newOrganization('other-masks');
    const [row] = await db.query<{ id: string }>(
      `insert into app.clients (organization_id, partner_1_name) values ($1, 'Priya') returning id`,
      [other],
    );
    const theirs = (await last(row?.id ?? '')).new_values?.['partner_1_name'];
    const [ours] = await entriesOf(clientId);
    expect(theirs).toMatch(/^~/);
    expect(theirs).not.toBe(ours?.new_values?.['partner_1_name']);
  });

  it('writes nothing for an update that changes nothing', async () => {
    const before = (await entriesOf(clientId)).length;
    await db.query(`update app.clients set guest_count = guest_count where id = $1`, [clientId]);
    expect(await entriesOf(clientId)).toHaveLength(before);
  });

  it('keeps money for seven years, in partitions of its own', async () => {
    const id = await withTenant(db.api, { organizationId, actor: USER }, (trx) =>
      insertPayment(trx, { client_id: clientId, amount: 25_000 }),
    );
    expect(await last(id)).toMatchObject({ retention_class: 'financial', new_values: { amount: 25_000 } });
  });

  it('is taken back with the change', async () => {
    const before = (await entriesOf(clientId)).length;
    await expect(
      withTenant(db.api, { organizationId, actor: USER }, async (trx) => {
        await trx.updateTable('clients').set({ guest_count: 81 }).where('id', '=', clientId).execute();
        throw new Error('broken off');
      }),
    ).rejects.toThrow('broken off');
    expect(await entriesOf(clientId)).toHaveLength(before);
  });

  it('tells a row for each row of one statement', async () => {
    await db.query(
      `insert into app.clients (organization_id, partner_1_name) select $1, 'many' from generate_series(1, 50)`,
      [organizationId],
    );
    const [{ told } = { told: '' }] = await db.query<{ told: string }>(
      `select count(distinct record_id) as told from audit.audit_logs where table_name = 'clients'
        and record_id in (select id::text from app.clients where partner_1_name = 'many')`,
    );
    expect(told).toBe('50');
  });

  it('keeps deeds that change no row, of the own organization only', async () => {
    await withTenant(db.worker, { organizationId, actor: 'worker' }, (trx) =>
      sql`select audit.record('payload.decoded', 'executions', 'e-1', '{"keys": 1}')`.execute(trx),
    );
    const [entry] = await db.query<Entry & { organization_id: string }>(
      `select * from audit.audit_logs where action = 'payload.decoded'`,
    );
    expect(entry).toMatchObject({ organization_id: organizationId, actor: 'worker', new_values: { keys: 1 } });
  });
});

describe('audit log', () => {
  it('is seen by its own organization only', async () => {
    const other = await newOrganization('curious');
    const seen = await withTenant(db.api, { organizationId: other, actor: USER }, (trx) =>
      trx.selectFrom('audit.audit_logs').select('organization_id').distinct().execute(),
    );
    expect(seen).toEqual([{ organization_id: other }]);
  });

  it.each([
    ['the superuser', `update audit.audit_logs set actor = 'user:nobody'`],
    ['the superuser', `delete from audit.audit_logs`],
    ['the superuser', `truncate audit.audit_logs`],
  ])('cannot be changed, not even by %s: %s', async (_, statement) => {
    await expect(db.query(statement)).rejects.toThrow(/never changed/);
  });

  it('cannot be written by the programs', async () => {
    await expect(
      withTenant(db.api, { organizationId, actor: USER }, (trx) =>
        sql`insert into audit.audit_logs (retention_class, actor, actor_type, table_name, action)
            values ('standard', 'user:x', 'user', 'clients', 'insert')`.execute(trx),
      ),
    ).rejects.toThrow(/permission denied/);
  });
});

describe('every table', () => {
  it('is audited as its decision says, with every column it has now', async () => {
    const wrong = await db.query(`
      select d.table_name from ops.table_decisions d
       where case when d.audit = 'none'
         then exists (select from pg_trigger where tgrelid = format('app.%I', d.table_name)::regclass
                        and tgname like 'audit\\_%')
         else (select count(*) from pg_trigger where tgrelid = format('app.%I', d.table_name)::regclass
                 and tgname in ('audit_insert', 'audit_update', 'audit_delete') and tgenabled = 'O') <> 3
           or (select prosrc from pg_proc where proname = 'log_' || d.table_name
                 and pronamespace = 'audit'::regnamespace) <> audit.function_text(d.table_name)
       end`);
    expect(wrong).toEqual([]);
  });

  it('is audited anew when its decision changes', async () => {
    const own = await createTestDatabase();
    await own.query(
      `update ops.table_decisions set audit = 'none', audit_reason = 'for this test' where table_name = 'forms'`,
    );
    await own.query(`insert into app.organizations (name, slug) values ('a', 'a')`);
    await own.query(`insert into app.forms (organization_id, slug, name) select id, 'a', 'a' from app.organizations`);
    const told = await own.query(`select from audit.audit_logs where table_name = 'forms'`);
    await own.close();
    expect(told).toEqual([]);
  });
});
