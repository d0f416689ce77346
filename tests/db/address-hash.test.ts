import { createHash, createHmac } from 'node:crypto';

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { withTenant } from '../../db/tenant.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const ADDRESS = 'niamh@example.com';
let db: TestDatabase;
let organizationId: string;
let other: string;
beforeAll(async () => {
  db = await createTestDatabase();
  const rows = await db.query<{ id: string }>(
    `insert into app.organizations (name, slug) values ('Alder', 'alder'), ('Birch', 'birch') returning id`,
  );
  [organizationId = '', other = ''] = rows.map(({ id }) => id);
});
afterAll(() => db.close());

async function hashOf(organization: string): Promise<string> {
  const [row] = await db.query<{ hash: string }>(`select encode(app.address_hash($1, $2), 'hex') as hash`, [
    organization,
    ADDRESS,
  ]);
  return row?.hash ?? '';
}

describe('the hash of an address', () => {
  it('is an HMAC with a secret of the organization (RFC 2104)', async () => {
    const [row] = await db.query<{ pad: Buffer }>(
      `select inner_pad as pad from ops.address_keys where organization_id = $1`,
      [organizationId],
    );
    const secret = Buffer.from((row?.pad ?? Buffer.alloc(0)).map((byte) => byte ^ 0x36));
    const digest = createHash('sha256').update(`${organizationId}:${ADDRESS}`).digest();
    expect(secret).toHaveLength(64);
    expect(await hashOf(organizationId)).toBe(createHmac('sha256', secret).update(digest).digest('hex'));
  });

  it('tells nobody who has it which address it is: the secret is read by the database alone', async () => {
    expect(await hashOf(organizationId)).not.toBe(await hashOf(other));
    for (const database of [db.api, db.worker]) {
      const reading = withTenant(database, { organizationId, actor: 'test' }, (trx) =>
        sql`select * from ops.address_keys`.execute(trx),
      );
      await expect(reading).rejects.toThrow(/permission denied/);
    }
  });

  it('is that of the contact with the address, whatever a writer says it is, and follows the address', async () => {
    const [client] = await db.query<{ id: string }>(
      `insert into app.clients (organization_id, partner_1_name) values ($1, 'Niamh') returning id`,
      [organizationId],
    );
    const [contact] = await db.query<{ id: string; hash: string }>(
      `insert into app.client_contacts (organization_id, client_id, contact_type, contact_value, address_hash)
       values ($1, $2, 'email', ' Niamh@Example.com', 'made up') returning id, encode(address_hash, 'hex') as hash`,
      [organizationId, client?.id],
    );
    expect(contact?.hash).toBe(await hashOf(organizationId));
    const [moved] = await db.query<{ hash: string }>(
      `update app.client_contacts set contact_value = 'other@example.com' where id = $1 returning encode(address_hash, 'hex') as hash`,
      [contact?.id],
    );
    expect(moved?.hash).not.toBe(contact?.hash);
  });
});
