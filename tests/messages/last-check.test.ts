import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { claimOutgoing, type Claim } from '../../db/outgoing.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

interface Waiting {
  readonly organizationId: string;
  readonly clientId: string;
  readonly contactId: string;
  readonly partnerId: string;
  readonly messageId: string;
}

/** A message to partner 1 in the queue: the plan and the begin of its step found nothing against it. */
async function waiting(purpose: 'transactional' | 'service' | 'marketing' = 'service'): Promise<Waiting> {
  const organizationId = randomUUID();
  const ids = { clientId: randomUUID(), contactId: randomUUID(), partnerId: randomUUID(), messageId: randomUUID() };
  const { clientId, contactId, partnerId, messageId } = ids;
  await db.query(`insert into app.organizations (id, name, slug) values ($1, 'Alder', $2)`, [
    organizationId,
    `o-${organizationId}`,
  ]);
  await db.query(`insert into app.clients (id, organization_id, partner_1_name) values ($2, $1, 'Ana')`, [
    organizationId,
    clientId,
  ]);
  await db.query(
    `insert into app.client_contacts (id, organization_id, client_id, role, contact_type, contact_value)
     values ($3, $1, $2, 'partner_1', 'email', 'ana@example.com'), ($4, $1, $2, 'partner_2', 'email', 'ben@example.com')`,
    [organizationId, clientId, contactId, partnerId],
  );
  await db.query(
    `insert into app.communications (id, organization_id, client_id, contact_id, idempotency_key, type, purpose,
       recipient, recipient_hash, status)
     values ($4, $1, $2, $3, 'k', 'email', $5, 'ana@example.com', app.address_hash($1, 'ana@example.com'), 'queued')`,
    [organizationId, clientId, contactId, messageId, purpose],
  );
  return { organizationId, ...ids };
}

const suppressAddress = ({ organizationId }: Waiting, purposes: string[] | null, expires: string | null = null) =>
  db.query(
    `insert into app.suppressions (organization_id, channel, address_hash, purposes, reason, expires_at)
     values ($1, 'email', app.address_hash($1, 'ana@example.com'), $2, 'unsubscribe', $3)`,
    [organizationId, purposes, expires],
  );
const decide = ({ organizationId, clientId }: Waiting, contactId: string | null, purpose: string, state: string) =>
  db.query(
    `insert into app.consents (organization_id, client_id, contact_id, channel, purpose, state) values ($1, $2, $3, 'email', $4, $5)`,
    [organizationId, clientId, contactId, purpose, state],
  );

async function claim({ organizationId, messageId }: Waiting): Promise<{ claim: Claim; status: string | undefined }> {
  const at = new Date().toISOString();
  const claimed = await claimOutgoing(db.worker, { organizationId, actor: 'worker' }, messageId, at);
  const [row] = await db.query<{ status: string }>(`select status from app.communications where id = $1`, [messageId]);
  return { claim: claimed, status: row?.status };
}

describe('the transaction in which a message is claimed asks once more', () => {
  test('and exactly one attempt gets a message that nothing forbids', async () => {
    const message = await waiting();
    const claims = await Promise.all([claim(message), claim(message), claim(message)]);
    expect(claims.map((one) => one.claim).toSorted()).toEqual(['claimed', 'lost', 'lost']);
    const [row] = await db.query(`select status, attempts from app.communications where id = $1`, [message.messageId]);
    expect(row).toEqual({ status: 'sending', attempts: 1 });
  });

  test.each<[string, 'transactional' | 'service' | 'marketing', (message: Waiting) => Promise<unknown>, Claim, string]>(
    [
      ['an address that was stopped', 'service', (m) => suppressAddress(m, null), 'suppressed', 'suppressed'],
      [
        'even what is transactional, where everything was stopped',
        'transactional',
        (m) => suppressAddress(m, null),
        'suppressed',
        'suppressed',
      ],
      [
        'not what another purpose was stopped for',
        'service',
        (m) => suppressAddress(m, ['marketing']),
        'claimed',
        'sending',
      ],
      [
        'not what was stopped until yesterday',
        'service',
        (m) => suppressAddress(m, null, '2020-01-01'),
        'claimed',
        'sending',
      ],
      [
        'a consent withdrawn by the person',
        'service',
        (m) => decide(m, m.contactId, 'service', 'withdrawn'),
        'no_consent',
        'skipped',
      ],
      [
        'a consent withdrawn by the couple',
        'service',
        (m) => decide(m, null, 'service', 'withdrawn'),
        'no_consent',
        'skipped',
      ],
      [
        'not what the other partner withdrew',
        'service',
        (m) => decide(m, m.partnerId, 'service', 'withdrawn'),
        'claimed',
        'sending',
      ],
      [
        'not what is transactional',
        'transactional',
        (m) => decide(m, null, 'transactional', 'withdrawn'),
        'claimed',
        'sending',
      ],
      ['advertising that nobody agreed to', 'marketing', () => Promise.resolve(), 'no_consent', 'skipped'],
      [
        'not advertising that the person agreed to',
        'marketing',
        (m) => decide(m, m.contactId, 'marketing', 'granted'),
        'claimed',
        'sending',
      ],
    ],
  )('%s (%s)', async (_what, purpose, forbid, expected, status) => {
    const message = await waiting(purpose);
    await forbid(message);
    expect(await claim(message)).toEqual({ claim: expected, status });
  });

  test('a withdrawal after an agreement holds, and an agreement after a withdrawal', async () => {
    const message = await waiting('marketing');
    await decide(message, message.contactId, 'marketing', 'granted');
    await decide(message, message.contactId, 'marketing', 'withdrawn');
    expect((await claim(message)).claim).toBe('no_consent');
    const again = await waiting('marketing');
    await decide(again, again.contactId, 'marketing', 'withdrawn');
    await decide(again, again.contactId, 'marketing', 'granted');
    expect((await claim(again)).claim).toBe('claimed');
  });

  test('an address that one organization may not write to is nobody else’s business', async () => {
    const [message, other] = [await waiting(), await waiting()];
    await suppressAddress(other, null);
    expect([(await claim(message)).claim, (await claim(other)).claim]).toEqual(['claimed', 'suppressed']);
  });
});
