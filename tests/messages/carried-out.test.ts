import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startWorker, type RunningWorker } from '../../worker/start-worker.ts';
import { bookByPhone } from '../support/book-by-phone.ts';
import { eventually } from '../support/eventually.ts';
import { mailsArrive, nextMailFails } from '../support/mails.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';

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
  name: 'Words',
  starts: { on: 'client.booked' },
  steps: steps.map(
    (step) => JSON.parse(JSON.stringify({ when: { anchor: 'journey_start' }, template: 'welcome', ...step })) as object,
  ),
});
async function textTemplate({ organizationId }: Supplier): Promise<void> {
  await world.db.query(
    `insert into app.communication_templates (organization_id, name, channel, content_template)
     values ($1, 'welcome', 'sms', 'Dear {{ recipient.firstName }}')`,
    [organizationId],
  );
}
type Line = { state: string; code: string; outcome: string | null };
const lineOf = (clientId: string, key: string, is: (line: Line) => boolean): Promise<Line> =>
  eventually(`the step ${key} is as hoped for`, async () => {
    const [line] = await world.db.query<Line>(
      `select s.state, s.reason ->> 'code' as code, s.outcome from app.journey_step_executions s
         join app.journey_executions e on e.id = s.execution_id where e.client_id = $1 and s.step_key = $2`,
      [clientId, key],
    );
    return line !== undefined && is(line) && line;
  });

describe('a calendar entry of the wedding', () => {
  test('moves with the date: the same UID, a higher SEQUENCE, the new day', async () => {
    const supplier = await createSupplier(world.db, [
      journey(
        {
          key: 'invite',
          type: 'email',
          purpose: 'transactional',
          when: { anchor: 'wedding_date', offset: { days: -900 }, ifPast: 'send_now' },
          onDateChange: 'resend',
        },
        // Keeps the journey going after the first mail.
        { key: 'after', type: 'wait_for', event: 'married', template: undefined, when: { anchor: 'journey_start' } },
      ),
    ]);
    await world.db.query(
      `update app.communication_templates set calendar = 'wedding' where organization_id = $1 and name = 'welcome'`,
      [supplier.organizationId],
    );
    await world.db.query(`insert into app.organization_settings (organization_id, settle_minutes) values ($1, 0)`, [
      supplier.organizationId,
    ]);
    const [{ soon, later } = { soon: '', later: '' }] = await world.db.query<{ soon: string; later: string }>(
      `select (current_date + 20)::text as soon, (current_date + 50)::text as later`,
    );
    const clientId = await supplier.book({ weddingOn: soon, email: 'calendar@example.com' });
    const first = await entryOf('calendar@example.com', 1);
    expect(first).toMatchObject({ method: 'REQUEST', start: soon.replaceAll('-', '') });
    await lineOf(clientId, 'invite', ({ state }) => state === 'done');
    await world.db.query(
      `update app.clients set wedding_date = $2, wedding_changed_at = now() + interval '2 seconds' where id = $1`,
      [clientId, later],
    );
    const second = await entryOf('calendar@example.com', 2);
    expect(second).toMatchObject({ uid: first.uid, start: later.replaceAll('-', '') });
    expect(second.sequence).toBeGreaterThan(first.sequence);
  });

  async function entryOf(to: string, count: number) {
    const [latest] = await mailsArrive(world, to, count);
    const source = await (await fetch(`${world.inbox.inboxUrl}/api/messages/${latest?.id}/source`)).text();
    const boundary = source.split(/^Content-Type: text\/calendar/im)[1] ?? '';
    const [head = '', ...rest] = boundary.split('\r\n\r\n');
    const encoded = rest.join('\r\n\r\n').split('\r\n--')[0] ?? '';
    const text = /base64/i.test(head) ? Buffer.from(encoded, 'base64').toString('utf8') : encoded;
    const entry = text.replaceAll(/\r?\n[ \t]/g, '');
    const field = (name: string): string => new RegExp(`^${name}[^:\r\n]*:(.*)$`, 'm').exec(entry)?.[1]?.trim() ?? '';
    return {
      method: field('METHOD'),
      uid: field('UID'),
      sequence: Number(field('SEQUENCE')),
      start: field('DTSTART'),
    };
  }
});

describe('the files of a template', () => {
  test('come with the mail as they were published', async () => {
    const supplier = await createSupplier(world.db, [journey({ key: 'guide', type: 'email' })]);
    const content = Buffer.from([0x25, 0x50, 0x44, 0x46, 0x2d, 0, 0xff, 0x0d, 0x0a, 0x2e, 0x0d, 0x0a]);
    await world.db.query(
      `insert into app.template_attachments (organization_id, template_id, position, file_name, content_type, content)
       select $1, id, 1, 'Ihr großer Tag.pdf', 'application/pdf', $2 from app.communication_templates
        where organization_id = $1 and name = 'welcome' and channel = 'email'`,
      [supplier.organizationId, content],
    );
    await supplier.book({ email: 'files@example.com' });
    const [mail] = await mailsArrive(world, 'files@example.com', 1);
    const api = `${world.inbox.inboxUrl}/api/messages/${mail?.id}`;
    const { attachments } = (await (await fetch(api)).json()) as { attachments: unknown[] };
    expect(attachments).toMatchObject([{ filename: 'Ihr großer Tag.pdf' }]);
    expect(Buffer.from(await (await fetch(`${api}/attachments/0`)).arrayBuffer())).toEqual(content);
  });
});

describe('what a provider refuses for good while it is sent', () => {
  test.each([
    ['email', { kind: 'refuse', code: 550, text: '5.1.1 no such user' }, 'bounce'],
    ['sms', { kind: 'refuse', code: 21_610 }, 'stop_keyword'],
  ] as const)('by %s stops the address, and the next message is skipped for it', async (channel, fault, reason) => {
    const supplier = await createSupplier(world.db, [
      journey(
        { key: 'first', type: channel },
        { key: 'next', type: channel, purpose: 'transactional', when: { anchor: 'previous_step' } },
      ),
    ]);
    await textTemplate(supplier);
    const to = channel === 'email' ? 'refused@example.com' : '+447700900151';
    await nextMailFails(world, { channel, to, ...fault });
    const clientId = await bookByPhone(world, supplier, '+447700900151', 'refused@example.com');
    await lineOf(clientId, 'first', ({ state }) => state === 'failed');
    await lineOf(clientId, 'next', ({ code }) => code === 'suppressed');
    const stopped = await world.db.query(
      `select channel, reason, purposes from app.suppressions where organization_id = $1`,
      [supplier.organizationId],
    );
    expect(stopped).toEqual([{ channel, reason, purposes: null }]);
  });

  test('but not what it refuses for the sender’s sake', async () => {
    const supplier = await createSupplier(world.db, [journey({ key: 'first', type: 'email' })]);
    await nextMailFails(world, { kind: 'refuse', to: 'policy@example.com', code: 554, text: '5.7.1 policy' });
    const clientId = await supplier.book({ email: 'policy@example.com' });
    await lineOf(clientId, 'first', ({ state }) => state === 'failed');
    expect(
      await world.db.query(`select 1 from app.suppressions where organization_id = $1`, [supplier.organizationId]),
    ).toEqual([]);
  });
});

describe('a text whose answer was lost', () => {
  test('is looked for at the provider before it would go once more, and found', async () => {
    const supplier = await createSupplier(world.db, [journey({ key: 'text', type: 'sms', ifUnknown: 'resend_once' })]);
    await textTemplate(supplier);
    await nextMailFails(world, { channel: 'sms', to: '+447700900161', kind: 'drop_after_data' });
    const clientId = await bookByPhone(world, supplier, '+447700900161');
    await lineOf(clientId, 'text', ({ code }) => code === 'retry');
    await world.db.query(
      `update app.journey_step_executions s set next_attempt_at = now() from app.journey_executions e
        where e.id = s.execution_id and e.client_id = $1`,
      [clientId],
    );
    // Whatever happens to a couple has its plan looked at.
    await world.db.query(
      `insert into app.client_events (organization_id, client_id, name, occurred_at) values ($1, $2, 'nudge', now())`,
      [supplier.organizationId, clientId],
    );
    const line = await lineOf(clientId, 'text', ({ state }) => state === 'done');
    expect(line.outcome).toBe('sent');
    const [row] = await world.db.query<{ status: string; attempts: number; known: boolean }>(
      `select status, attempts, provider_message_id is not null as known from app.communications where client_id = $1`,
      [clientId],
    );
    expect(row).toEqual({ status: 'sent', attempts: 1, known: true });
    const answer = await fetch(`${world.inbox.inboxUrl}/api/messages?to=%2B447700900161`);
    expect(((await answer.json()) as { messages: unknown[] }).messages).toHaveLength(1);
  });
});
