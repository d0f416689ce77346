import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { putCoreField } from '../../db/forms.ts';
import { withTenant } from '../../db/tenant.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createOrganization } from '../webhooks/endpoint.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

interface Supplier {
  organizationId: string;
  clientId: string;
}

/** A couple with an account, and suppliers that it works with. */
async function createCouple(suppliers: number, relationship: Record<string, unknown> = {}) {
  const [couple] = await db.query<{ id: string }>(
    `insert into app.couples (display_name, share_guest_list) values ('Ana & Ben', false) returning id`,
  );
  const coupleId = couple?.id ?? '';
  const all: Supplier[] = [];
  for (let index = 0; index < suppliers; index += 1) {
    const organizationId = await createOrganization(db);
    const [client] = await db.query<{ id: string }>(
      `insert into app.clients (organization_id, couple_id, partner_1_name, status, wedding_date)
       values ($1, $2, 'Ana', 'booked', '2027-06-12') returning id`,
      [organizationId, coupleId],
    );
    const clientId = client?.id ?? '';
    await db.query(
      `insert into app.couple_supplier_relationships (organization_id, couple_id, client_id, status, permissions)
       values ($1, $2, $3, $4, $5)`,
      [organizationId, coupleId, clientId, relationship['status'] ?? 'connected', relationship['permissions'] ?? {}],
    );
    all.push({ organizationId, clientId });
  }
  return { coupleId, suppliers: all };
}

/** As the API writes it, within the one organization it sees. */
const say = (supplier: Supplier | undefined, key: string, value: unknown, source = 'couple') =>
  withTenant(db.api, { organizationId: supplier?.organizationId ?? '', actor: 'couple' }, (trx) =>
    sql`
      insert into app.core_field_values (client_id, field_key, value, source)
      values (${supplier?.clientId}, ${key}, ${JSON.stringify(value)}::jsonb, ${source})
      on conflict (organization_id, client_id, field_key) do update set value = excluded.value, source = excluded.source
    `.execute(trx),
  );
const known = async (supplier: Supplier | undefined, key: string) => {
  const rows = await db.query<{ value: unknown }>(
    `select value from app.core_field_values where client_id = $1 and field_key = $2`,
    [supplier?.clientId, key],
  );
  return rows[0]?.value;
};

describe('a common field', () => {
  test('said once by the couple reaches all ten suppliers, within a second, with a version and a state at each', async () => {
    const { suppliers } = await createCouple(10);
    const [first, ...others] = suppliers;
    await say(first, 'first_dance', 'At Last');
    for (const supplier of others) expect(await known(supplier, 'first_dance')).toBe('At Last');
    await say(first, 'first_dance', 'Fly Me to the Moon');
    const [last] = others.slice(-1);
    const history = await db.query(
      `select version, value, source from app.core_field_history where client_id = $1 and field_key = 'first_dance' order by 1`,
      [last?.clientId],
    );
    expect(history).toEqual([
      { version: 1, value: 'At Last', source: 'couple' },
      { version: 2, value: 'Fly Me to the Moon', source: 'couple' },
    ]);
    const states = await db.query(
      `select distinct status from app.field_completion_states where field_key = 'first_dance'`,
    );
    expect(states).toEqual([{ status: 'completed' }]);
  });

  test('that is a new wedding date moves the wedding at every supplier, and their journeys hear of it', async () => {
    const { suppliers } = await createCouple(3);
    await say(suppliers[0], 'wedding_date', '2027-09-04', 'form');
    for (const { clientId } of suppliers) {
      const [client] = await db.query(
        `select wedding_date::text, wedding_changed_at is not null as told from app.clients where id = $1`,
        [clientId],
      );
      expect(client).toEqual({ wedding_date: '2027-09-04', told: true });
      const told = await db.query(
        `select details from app.outbox where client_id = $1 and event = 'wedding_date.set' order by id desc limit 1`,
        [clientId],
      );
      expect(told).toEqual([{ details: { date: '2027-09-04', previous: '2027-06-12' } }]);
    }
  });

  test('is what the record of the couple says once a supplier moved the wedding: no form shows the old day', async () => {
    const { suppliers } = await createCouple(2);
    const [first, second] = suppliers;
    await say(first, 'wedding_date', '2027-09-04', 'form');
    await db.query(`update app.clients set wedding_date = '2027-10-02' where id = $1`, [first?.clientId]);
    expect(await known(first, 'wedding_date')).toBe('2027-10-02');
    expect(await known(second, 'wedding_date')).toBe('2027-09-04');
    const history = await db.query(
      `select version, value, source from app.core_field_history where client_id = $1 and field_key = 'wedding_date' order by 1`,
      [first?.clientId],
    );
    expect(history).toEqual([
      { version: 1, value: '2027-09-04', source: 'form' },
      { version: 2, value: '2027-10-02', source: 'supplier' },
    ]);
    await db.query(`update app.clients set wedding_date = null, postponed_at = now() where id = $1`, [first?.clientId]);
    expect(await known(first, 'wedding_date')).toBeNull();
    const states = await db.query(
      `select status from app.field_completion_states where client_id = $1 and field_key = 'wedding_date'`,
      [first?.clientId],
    );
    expect(states).toEqual([{ status: 'pending' }]);
  });

  test('that a supplier only noted is shared once the couple says the same', async () => {
    const { suppliers } = await createCouple(2);
    const [first, second] = suppliers;
    await say(first, 'venue', 'Kew', 'supplier');
    expect(await known(second, 'venue')).toBeUndefined();
    await withTenant(db.api, { organizationId: first?.organizationId ?? '', actor: 'couple' }, (trx) =>
      putCoreField(trx, { clientId: first?.clientId ?? '', key: 'venue', value: 'Kew', source: 'form' }),
    );
    expect(await known(second, 'venue')).toBe('Kew');
  });

  test('that a supplier wrote down for itself stays with the supplier', async () => {
    const { suppliers } = await createCouple(2);
    await say(suppliers[0], 'venue', 'Babington House', 'supplier');
    expect(await known(suppliers[1], 'venue')).toBeUndefined();
  });

  test('is not shared where the couple does not share such fields, or not with that supplier', async () => {
    const { suppliers } = await createCouple(2);
    await say(suppliers[0], 'guest_count', 120);
    expect(await known(suppliers[1], 'guest_count')).toBeUndefined();
    const closed = await createCouple(2, { permissions: { coreFields: false } });
    await say(closed.suppliers[0], 'venue', 'Kew');
    expect(await known(closed.suppliers[1], 'venue')).toBeUndefined();
    const ended = await createCouple(2, { status: 'ended' });
    await say(ended.suppliers[0], 'venue', 'Kew');
    expect(await known(ended.suppliers[1], 'venue')).toBeUndefined();
  });

  test('of one organization’s own is nobody else’s', async () => {
    const { suppliers } = await createCouple(2);
    await say(suppliers[0], 'parking_spaces', 4);
    expect(await known(suppliers[1], 'parking_spaces')).toBeUndefined();
  });

  test('of two organizations’ own is one where both have it alike and the couple has named it', async () => {
    const named = { permissions: { customFields: ['parking_spaces'] } };
    const define = (supplier: Supplier | undefined, type: string) =>
      db.query(
        `insert into app.core_fields (organization_id, field_key, label, data_type) values ($1, 'parking_spaces', 'Parking', $2)`,
        [supplier?.organizationId, type],
      );
    const reaches = async (relationship: Record<string, unknown>, ...types: string[]): Promise<unknown> => {
      const { suppliers } = await createCouple(2, relationship);
      for (const [index, type] of types.entries()) await define(suppliers[index], type);
      await say(suppliers[0], 'parking_spaces', 4);
      return known(suppliers[1], 'parking_spaces');
    };
    expect(await reaches(named, 'number', 'number')).toBe(4);
    expect(await reaches({}, 'number', 'number')).toBeUndefined();
    expect(await reaches(named, 'number', 'text')).toBeUndefined();
    expect(await reaches(named, 'number')).toBeUndefined();
    expect(await reaches({ permissions: { ...named.permissions, coreFields: false } }, 'number', 'number')).toBe(
      undefined,
    );
  });

  test('that makes no sense as a date changes no wedding', async () => {
    const { suppliers } = await createCouple(1);
    for (const odd of ['soon', { date: '2027-09-04' }, 20_270_904, null]) await say(suppliers[0], 'wedding_date', odd);
    const [client] = await db.query(`select wedding_date::text from app.clients where id = $1`, [
      suppliers[0]?.clientId,
    ]);
    expect(client).toEqual({ wedding_date: '2027-06-12' });
  });
});

describe('a payment plan', () => {
  const plan = async (weddingOn: string | null) => {
    const organizationId = await createOrganization(db);
    const [client] = await db.query<{ id: string }>(
      `insert into app.clients (organization_id, partner_1_name, status, wedding_date) values ($1, 'Ana', 'booked', $2) returning id`,
      [organizationId, weddingOn],
    );
    const clientId = client?.id ?? '';
    await db.query(
      `insert into app.payment_schedules (organization_id, client_id, kind, amount, due_on, days_from_wedding)
       values ($1, $2, 'deposit', 30000, '2026-12-01', null), ($1, $2, 'balance', 145000, null, -42)`,
      [organizationId, clientId],
    );
    return clientId;
  };
  const dueOf = (clientId: string) =>
    db.query(`select kind, amount, due_on::text, status from app.payments where client_id = $1 order by kind`, [
      clientId,
    ]);

  test('makes a payment of each part, due on its day or so many days from the wedding', async () => {
    expect(await dueOf(await plan('2027-06-12'))).toEqual([
      { kind: 'balance', amount: 145_000, due_on: '2027-05-01', status: 'pending' },
      { kind: 'deposit', amount: 30_000, due_on: '2026-12-01', status: 'pending' },
    ]);
  });

  test('moves with the wedding, and tells journeys; what is paid stays', async () => {
    const clientId = await plan('2027-06-12');
    await db.query(`update app.clients set wedding_date = '2027-09-04' where id = $1`, [clientId]);
    expect(await dueOf(clientId)).toMatchObject([{ due_on: '2027-07-24' }, { due_on: '2026-12-01' }]);
    const told = await db.query(
      `select details ->> 'dueOn' as due from app.outbox where client_id = $1 and event = 'payment.scheduled' order by id`,
      [clientId],
    );
    expect(told.map(({ due }) => due)).toEqual(['2026-12-01', '2027-05-01', '2027-07-24']);
    await db.query(`update app.payments set status = 'succeeded' where client_id = $1`, [clientId]);
    await db.query(`update app.clients set wedding_date = '2028-09-04' where id = $1`, [clientId]);
    expect(await dueOf(clientId)).toMatchObject([{ due_on: '2027-07-24' }, { due_on: '2026-12-01' }]);
  });

  test('waits for the date of a wedding that has none yet', async () => {
    const clientId = await plan(null);
    expect(await dueOf(clientId)).toMatchObject([{ due_on: null }, { due_on: '2026-12-01' }]);
    await db.query(`update app.clients set wedding_date = '2027-06-12' where id = $1`, [clientId]);
    expect(await dueOf(clientId)).toMatchObject([{ due_on: '2027-05-01' }, { due_on: '2026-12-01' }]);
  });
});
