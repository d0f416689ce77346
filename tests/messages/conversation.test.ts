import { randomUUID } from 'node:crypto';

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Reply } from '../../channels/receipts/receipt.ts';
import { createWhatsappChannel } from '../../channels/twilio.ts';
import { threadOf } from '../../db/conversations.ts';
import { withTenant, type Trx } from '../../db/tenant.ts';
import { applyReport } from '../../services/receipts/apply-report.ts';
import { holdScope, releaseScope } from '../../services/executions/hold-scope.ts';
import { startWorker, type RunningWorker } from '../../worker/start-worker.ts';
import { bookByPhone } from '../support/book-by-phone.ts';
import { checkAllApprovals } from '../../worker/check-all-approvals.ts';
import { createLog } from '../../worker/create-log.ts';
import { parseKeyRing } from '../../worker/key-ring.ts';
import { createTextSenders } from '../../worker/text-senders.ts';
import { eventually } from '../support/eventually.ts';
import { mailsArrive, mailsTo } from '../support/mails.ts';
import { createSupplier, createWorld, TEST_KEYS, type Supplier, type World } from '../support/world.ts';

let world: World;
let worker: RunningWorker;
beforeAll(async () => {
  world = await createWorld();
  const twilio = { ...world.inbox.twilio, sender: { from: '+447700900800' } };
  worker = await startWorker({ ...world.workerOptions, twilio });
});
afterAll(async () => {
  await worker?.stop();
  await world?.close();
});

const journey = (...steps: object[]): object => ({
  schema: 1,
  name: 'Talk',
  starts: { on: 'client.booked' },
  steps: steps.map((step) => ({ when: { anchor: 'journey_start' }, ...step })),
});
const inOrganization = <T>({ organizationId }: Supplier, work: (trx: Trx) => Promise<T>): Promise<T> =>
  withTenant(world.db.api, { organizationId, actor: 'test' }, work);

async function template(
  supplier: Supplier,
  channel: 'sms' | 'whatsapp',
  name: string,
  more: object = {},
): Promise<void> {
  const { contentSid = null, contentVariables = {} } = more as { contentSid?: string; contentVariables?: object };
  await world.db.query(
    `insert into app.communication_templates (organization_id, name, channel, content_template, content_sid, content_variables)
     values ($1, $2, $3, 'Dear {{ recipient.firstName }}', $4, $5)`,
    [supplier.organizationId, name, channel, contentSid, JSON.stringify(contentVariables)],
  );
}

async function wrote(supplier: Supplier, from: string, over: Partial<Reply> = {}): Promise<void> {
  const reply: Reply = {
    provider: 'twilio',
    channel: 'sms',
    dedupKey: randomUUID(),
    from,
    to: '+447700900800',
    text: 'Can we talk?',
    communicationId: null,
    keyword: null,
    ...over,
  };
  await inOrganization(supplier, (trx) => applyReport(trx, { ok: true, receipts: [], replies: [reply] }, new Date()));
}

type Line = {
  state: string;
  reason: { code: string; scope?: string; why?: string; until?: string };
  error: string | null;
};
function lineOf(clientId: string, key: string, is: (line: Line) => boolean): Promise<Line> {
  return eventually(`the step ${key} is as hoped for`, async () => {
    const [line] = await world.db.query<Line>(
      `select s.state, s.reason, s.error_code as error from app.journey_step_executions s
         join app.journey_executions e on e.id = s.execution_id where e.client_id = $1 and s.step_key = $2`,
      [clientId, key],
    );
    return line !== undefined && is(line) && line;
  });
}

describe('when a couple writes', () => {
  const waiting = [
    { key: 'asked', type: 'sms', template: 'ask' },
    {
      key: 'answered',
      type: 'wait_for',
      event: 'reply',
      when: { anchor: 'step:asked' },
      limit: { offset: { days: 9 } },
    },
    { key: 'thanks', type: 'sms', template: 'ask', in: { step: 'answered', arm: 'yes' }, when: undefined },
    { key: 'friendly', type: 'email', template: 'welcome', when: { anchor: 'event:now' } },
    { key: 'receipt', type: 'email', template: 'reminder', purpose: 'transactional', when: { anchor: 'event:now' } },
  ];

  async function talking(phone: string, email: string): Promise<{ supplier: Supplier; clientId: string }> {
    const supplier = await createSupplier(world.db, [journey(...waiting)]);
    await template(supplier, 'sms', 'ask');
    const clientId = await bookByPhone(world, supplier, phone, email);
    await lineOf(clientId, 'asked', ({ state }) => state === 'done');
    await wrote(supplier, phone);
    await lineOf(clientId, 'thanks', ({ state }) => state === 'done');
    await world.db.query(
      `insert into app.client_events (organization_id, client_id, name, occurred_at) values ($1, $2, 'now', now())`,
      [supplier.organizationId, clientId],
    );
    return { supplier, clientId };
  }

  test('the journey that waited goes on, friendly messages are held for a day with the reason, others go', async () => {
    const { supplier, clientId } = await talking('+447700900131', 'talk-1@example.com');
    const held = await lineOf(clientId, 'friendly', ({ state }) => state === 'held');
    expect(held.reason).toMatchObject({ code: 'paused', scope: 'client', why: 'they wrote, and you can answer first' });
    const hours = (Date.parse(held.reason.until ?? '') - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThanOrEqual(24);
    await mailsArrive(world, 'talk-1@example.com', 1);
    expect((await mailsTo(world, 'talk-1@example.com')).map(({ subject }) => subject)).toEqual([
      'reminder for Ana & Ben',
    ]);

    // A pause by a person is another thing than a conversation that is open.
    const by = { actor: 'test', now: new Date().toISOString() };
    const scope = { scope: 'client', clientId } as const;
    expect(await inOrganization(supplier, (trx) => holdScope(trx, by, scope, ''))).toMatchObject({ changed: true });
    expect(await inOrganization(supplier, (trx) => releaseScope(trx, by, scope, 'send'))).toMatchObject({ ok: true });
    await mailsArrive(world, 'talk-1@example.com', 2);
  });

  test('the hold ends by itself', async () => {
    const { supplier, clientId } = await talking('+447700900132', 'talk-2@example.com');
    await lineOf(clientId, 'friendly', ({ state }) => state === 'held');
    await world.db.query(`update app.holds set until = now() + interval '1 second' where client_id = $1`, [clientId]);
    // Holds tell nobody of themselves: whoever changes one wakes whom it holds.
    await inOrganization(supplier, (trx) =>
      sql`select app.wake_execution(id) from app.journey_executions where client_id = ${clientId}`.execute(trx),
    );
    await mailsArrive(world, 'talk-2@example.com', 2);
  });

  test('what it writes meanwhile makes the hold longer, and STOP makes none', async () => {
    const supplier = await createSupplier(world.db, []);
    const [one, two] = [
      await bookByPhone(world, supplier, '+447700900133'),
      await bookByPhone(world, supplier, '+447700900134'),
    ];
    await wrote(supplier, '+447700900133');
    await world.db.query(`update app.holds set until = now() + interval '1 hour' where client_id = $1`, [one]);
    await wrote(supplier, '+447700900133', { text: 'And one more thing' });
    await wrote(supplier, '+447700900134', { text: 'STOP', keyword: 'stop' });
    const holds = await world.db.query<{ id: string; hours: number }>(
      `select client_id as id, round(extract(epoch from until - now()) / 3600)::int as hours from app.holds
        where client_id = any($1)`,
      [[one, two]],
    );
    expect(holds).toEqual([{ id: one, hours: 24 }]);
  });

  test('an organization that set the guard to 0 holds nothing', async () => {
    const supplier = await createSupplier(world.db, []);
    await world.db.query(
      `insert into app.organization_settings (organization_id, conversation_guard_hours) values ($1, 0)`,
      [supplier.organizationId],
    );
    const clientId = await bookByPhone(world, supplier, '+447700900135');
    await wrote(supplier, '+447700900135');
    expect(await world.db.query(`select 1 from app.holds where client_id = $1`, [clientId])).toEqual([]);
  });

  test('it stands in the thread with what it answers, and the team is told', async () => {
    const { supplier, clientId } = await talking('+447700900136', 'talk-3@example.com');
    const thread = await inOrganization(supplier, (trx) => threadOf(trx, clientId, 10));
    const theirs = thread.find(({ direction }) => direction === 'inbound');
    expect(theirs).toMatchObject({ channel: 'sms', role: 'partner_1', name: 'Ana Lopez', content: 'Can we talk?' });
    expect(thread.find(({ communicationId }) => communicationId === theirs?.answersId)).toMatchObject({
      direction: 'outbound',
      stepKey: 'asked',
      content: 'Dear Ana',
    });
    expect(await world.db.query(`select kind, title from app.notifications where client_id = $1`, [clientId])).toEqual([
      { kind: 'reply', title: 'Ana Lopez & Ben Hill wrote by text' },
    ]);
  });
});

describe('WhatsApp outside of the 24 hours after the person wrote', () => {
  const steps = [
    { key: 'chat', type: 'whatsapp', template: 'chat', onFailure: 'continue' },
    {
      key: 'failed',
      type: 'condition',
      test: { field: 'step.chat.state', is: 'failed' },
      when: { anchor: 'previous_step' },
    },
    { key: 'text', type: 'sms', template: 'text', in: { step: 'failed', arm: 'yes' }, when: undefined },
  ];
  const contentSid = `HX${'b'.repeat(32)}`;

  test('goes as the template that was approved, with its variables', async () => {
    const supplier = await createSupplier(world.db, [journey(...steps)]);
    await template(supplier, 'whatsapp', 'chat', { contentSid, contentVariables: { 1: '{{ recipient.firstName }}' } });
    const clientId = await bookByPhone(world, supplier, '+447700900141');
    await lineOf(clientId, 'chat', ({ state }) => state === 'done');
    const answer = await fetch(`${world.inbox.inboxUrl}/api/messages?channel=whatsapp&to=%2B447700900141`);
    expect(JSON.stringify(await answer.json())).toContain(contentSid);
  });

  test('says so where there is none, and the other way goes on', async () => {
    const supplier = await createSupplier(world.db, [journey(...steps)]);
    await template(supplier, 'whatsapp', 'chat');
    await template(supplier, 'sms', 'text');
    const clientId = await bookByPhone(world, supplier, '+447700900142');
    const chat = await lineOf(clientId, 'chat', ({ state }) => state === 'failed');
    expect(chat.error).toBe('outside_conversation');
    await lineOf(clientId, 'text', ({ state }) => state === 'done');
  });

  test('says so where WhatsApp does not approve it, as the provider answers every night', async () => {
    const supplier = await createSupplier(world.db, [journey(...steps)]);
    const rejected = `HX${'c'.repeat(32)}`;
    await template(supplier, 'whatsapp', 'chat', { contentSid: rejected });
    await template(supplier, 'sms', 'text');
    const approval = { status: 'rejected', rejectionReason: 'INVALID_FORMAT' };
    await fetch(`${world.inbox.inboxUrl}/api/approvals/${rejected}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(approval),
    });
    const { approvalOf } = createTextSenders({
      twilio: { ...world.inbox.twilio, sender: { from: '+447700900800' } },
      keys: parseKeyRing(TEST_KEYS),
    });
    const night = () =>
      checkAllApprovals(
        { relayDatabase: world.db.relay, workerDatabase: world.db.worker, log: createLog('silent') },
        approvalOf,
      );
    await night();
    const clientId = await bookByPhone(world, supplier, '+447700900144');
    const chat = await lineOf(clientId, 'chat', ({ state }) => state === 'failed');
    expect(chat.error).toBe('template_not_approved');
    await lineOf(clientId, 'text', ({ state }) => state === 'done');
    // Nothing was tried at the provider, and the owner knows why: once, however often it is asked.
    await night();
    const news = await world.db.query<{ title: string; body: string }>(
      `select title, body from app.notifications where organization_id = $1 and kind = 'template_approval'`,
      [supplier.organizationId],
    );
    expect(news).toEqual([
      {
        title: 'WhatsApp does not let "chat" be sent: rejected',
        body: expect.stringContaining('INVALID_FORMAT') as string,
      },
    ]);
    const answer = await fetch(`${world.inbox.inboxUrl}/api/messages?channel=whatsapp&to=%2B447700900144`);
    expect(((await answer.json()) as { messages: unknown[] }).messages).toEqual([]);
  });

  test('within them the words go as they are', async () => {
    const supplier = await createSupplier(world.db, [
      journey(...steps.slice(0, 1).map((step) => ({ ...step, when: { anchor: 'event:now' } }))),
    ]);
    await template(supplier, 'whatsapp', 'chat');
    await world.db.query(
      `insert into app.organization_settings (organization_id, conversation_guard_hours) values ($1, 0)`,
      [supplier.organizationId],
    );
    const clientId = await bookByPhone(world, supplier, '+447700900143');
    // The provider knows of the conversation as well: it takes free words in it only.
    const channel = createWhatsappChannel({ ...world.inbox.twilio, sender: { from: '+447700900800' } });
    const opening = { id: randomUUID(), to: '+447700900143', contentSid, contentVariables: {} };
    const { providerId } = await channel.send(opening);
    await fetch(`${world.inbox.inboxUrl}/api/messages/${providerId}/reply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'Hello!' }),
    });
    await wrote(supplier, '+447700900143', { channel: 'whatsapp' });
    await world.db.query(
      `insert into app.client_events (organization_id, client_id, name, occurred_at) values ($1, $2, 'now', now())`,
      [supplier.organizationId, clientId],
    );
    await lineOf(clientId, 'chat', ({ state }) => state === 'done');
  });
});
