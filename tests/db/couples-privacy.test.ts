// What a couple shares with a supplier, and what not.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { withTenant } from '../../db/tenant.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
let organizationId: string;
let coupleId: string;
let clientId: string;

beforeAll(async () => {
  db = await createTestDatabase();
  const [row] = await db.query<{ organization: string; couple: string; client: string }>(`
    with o as (insert into app.organizations (name, slug) values ('W', 'w') returning id),
         k as (insert into app.couples (display_name) values ('Ana and Sam') returning id),
         c as (insert into app.clients (organization_id, couple_id) select o.id, k.id from o, k returning id),
         r as (insert into app.couple_supplier_relationships (organization_id, couple_id) select o.id, k.id from o, k),
         v as (insert into app.core_field_values (organization_id, client_id, field_key, value, source)
               select o.id, c.id, f.key, '1', f.source
                 from o, c, (values ('venue', 'couple'), ('guest_count', 'couple'), ('budget', 'couple'),
                                    ('first_dance', 'supplier')) f (key, source))
    select o.id as organization, k.id as couple, c.id as client from o, k, c`);
  [organizationId, coupleId, clientId] = [row?.organization ?? '', row?.couple ?? '', row?.client ?? ''];
});
afterAll(() => db.close());

async function shared(): Promise<string[]> {
  const rows = await withTenant(db.worker, { organizationId, actor: 'test' }, (trx) =>
    trx
      .selectFrom('shared_core_field_values')
      .select('field_key')
      .where('client_id', '=', clientId)
      .orderBy('field_key')
      .execute(),
  );
  return rows.map((row) => row.field_key ?? '');
}

async function given(
  status: string,
  permissions: Record<string, boolean>,
  flags: { core: boolean; guests: boolean; budget: boolean },
): Promise<string[]> {
  await db.query(`update app.couple_supplier_relationships set status = $1, permissions = $2 where couple_id = $3`, [
    status,
    JSON.stringify(permissions),
    coupleId,
  ]);
  await db.query(
    `update app.couples set share_core_fields = $1, share_guest_list = $2, share_budget = $3 where id = $4`,
    [flags.core, flags.guests, flags.budget, coupleId],
  );
  return shared();
}

const EVERYTHING = { core: true, guests: true, budget: true };

describe('messages and conditions read of what a couple wrote', () => {
  it('everything that it shares with everybody', async () => {
    expect(await given('connected', {}, EVERYTHING)).toEqual(['budget', 'first_dance', 'guest_count', 'venue']);
  });

  it('only the kinds its flags allow', async () => {
    expect(await given('connected', {}, { core: true, guests: false, budget: false })).toEqual([
      'first_dance',
      'venue',
    ]);
    expect(await given('connected', {}, { core: false, guests: true, budget: false })).toEqual([
      'first_dance',
      'guest_count',
    ]);
  });

  it('nothing that it keeps from this supplier', async () => {
    expect(await given('connected', { budget: false, coreFields: false }, EVERYTHING)).toEqual([
      'first_dance',
      'guest_count',
    ]);
  });

  it('no more than its flags allow, whatever the supplier was given', async () => {
    expect(await given('connected', { budget: true }, { core: true, guests: true, budget: false })).toEqual([
      'first_dance',
      'guest_count',
      'venue',
    ]);
  });

  it.each(['invited', 'paused', 'ended'])(
    'nothing while the connection is %s; the supplier’s own notes stay',
    async (status) => {
      expect(await given(status, {}, EVERYTHING)).toEqual(['first_dance']);
    },
  );
});
