import { createPublicKey } from 'node:crypto';
import type { AddressInfo } from 'node:net';

import { authenticate } from 'mailauth';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { createDkimKey } from '../../channels/dkim-key.ts';
import { startInbox, type RunningInbox } from '../../cli/dev/inbox/start-inbox.ts';
import { withTenant } from '../../db/tenant.ts';
import { readStatus } from '../../db/status-page.ts';
import { saveEmailSender, saveTextSender, type SenderChange } from '../../services/channels/save-sender.ts';
import { parseKeyRing } from '../../worker/key-ring.ts';
import { startWorker, type RunningWorker } from '../../worker/start-worker.ts';
import { endExecution } from '../../services/executions/end-execution.ts';
import { eventually } from '../support/eventually.ts';
import { bookByPhone } from '../support/book-by-phone.ts';
import { createSupplier, createWorld, TEST_KEYS, type Supplier, type World } from '../support/world.ts';

const KEYS = parseKeyRing(TEST_KEYS);
let world: World;
let own: RunningInbox;
let worker: RunningWorker;
beforeAll(async () => {
  [world, own] = await Promise.all([createWorld(), startInbox()]);
  worker = await startWorker({
    ...world.workerOptions,
    // The platform's first server is away, so everything of the platform goes by its second one.
    smtpUrl: 'smtp://127.0.0.1:1',
    backupSmtpUrl: world.inbox.smtpUrl,
    bounceDomain: 'bounces.platform.example',
    twilio: { ...world.inbox.twilio, sender: { from: '+447700900800' } },
    segmentPriceMicros: 40_000,
  });
});
afterAll(async () => {
  await worker?.stop();
  await Promise.all([world?.close(), own?.stop()]);
});

const journey = (...steps: object[]): object => ({
  schema: 1,
  name: 'Welcome',
  starts: { on: 'client.booked' },
  steps: steps.map((step) => ({ when: { anchor: 'journey_start' }, template: 'welcome', ...step })),
});

async function saved(
  supplier: Supplier,
  channel: 'email' | 'sms' | 'whatsapp',
  change: SenderChange,
): Promise<Awaited<ReturnType<typeof saveEmailSender>>> {
  const { organizationId } = supplier;
  return withTenant(world.db.api, { organizationId, actor: 'test' }, (trx) =>
    channel === 'email'
      ? saveEmailSender(trx, organizationId, change, KEYS)
      : saveTextSender(trx, organizationId, channel, change, KEYS),
  );
}

type Caught = { id: string; from: string; to: string; subject: string };
async function caught(inbox: RunningInbox, to: string): Promise<{ message: Caught; source: string }> {
  const url = `${inbox.inboxUrl}/api/messages`;
  const message = await eventually(`a message for ${to}`, async () => {
    const { messages } = (await (await fetch(`${url}?to=${encodeURIComponent(to)}`)).json()) as { messages: Caught[] };
    return messages[0];
  });
  return { message, source: await (await fetch(`${url}/${message.id}/source`)).text() };
}

describe('a message leaves by the sender of its organization', () => {
  test('mails go by its own server, in its name, with its signature and its address for answers', async () => {
    const supplier = await createSupplier(world.db, [journey({ key: 'hello', type: 'email' })]);
    const { pem } = createDkimKey();
    const change = {
      settings: {
        from: { address: 'hello@mail.alder.example', name: 'Alder & Finch' },
        replyTo: 'studio@alder.example',
        dkim: { domain: 'alder.example', selector: 'ws1' },
        bounceDomain: 'bounces.alder.example',
      },
      secrets: { smtpUrl: own.smtpUrl, dkimKey: pem },
    };
    expect(await saved(supplier, 'email', change)).toEqual({ ok: true });
    await supplier.book({ email: 'own@example.com' });
    const { source } = await caught(own, 'own@example.com');
    expect(source).toMatch(/^From: "?Alder & Finch"? <hello@mail\.alder\.example>/m);
    expect(source).toMatch(/^Reply-To: .*studio@alder\.example/m);
    expect(source).toMatch(/^Message-ID: <[0-9a-f-]{36}\.1@mail\.alder\.example>/im);
    expect(source).toMatch(new RegExp(`^List-Id: <${supplier.organizationId}\\.mail\\.alder\\.example>`, 'im'));
    const p = createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64');
    const { dkim } = await authenticate(source, {
      resolver: async (name: string) => (name === 'ws1._domainkey.alder.example' ? [[`v=DKIM1; p=${p}`]] : []),
      trustReceived: false,
    });
    expect(dkim.results.map(({ status }) => status.result)).toEqual(['pass']);
  });

  test('an organization without one uses the platform, whose second server takes over when the first is away', async () => {
    const supplier = await createSupplier(world.db, [journey({ key: 'hello', type: 'email' })]);
    await supplier.book({ email: 'platform@example.com' });
    const { source } = await caught(world.inbox, 'platform@example.com');
    expect(source).toMatch(/^From: "?Wildflower"? <journeys@example\.com>/m);
    expect(source).not.toMatch(/^DKIM-Signature/im);
  });

  test('texts go by its own account and number, and each knows its size and price', async () => {
    const supplier = await createSupplier(world.db, [journey({ key: 'hello', type: 'sms' })]);
    await world.db.query(
      `insert into app.communication_templates (organization_id, name, channel, content_template)
       values ($1, 'welcome', 'sms', $2)`,
      [supplier.organizationId, 'a'.repeat(161)],
    );
    const change = {
      settings: { accountSid: world.inbox.twilio.accountSid, sender: '+447700900901', segmentPriceMicros: 52_000 },
      secrets: { authToken: world.inbox.twilio.authToken },
    };
    expect(await saved(supplier, 'sms', change)).toEqual({ ok: true });
    // Written as people in Britain write it.
    const clientId = await bookByPhone(world, supplier, '07700 900111');
    const { message } = await caught(world.inbox, '+447700900111');
    expect(message.from).toBe('+447700900901');
    const [row] = await eventually('it is recorded', async () => {
      const rows = await world.db.query<{ segments: number; cost: string }>(
        `select segments, cost_micros::text as cost from app.communications where client_id = $1 and status <> 'queued'`,
        [clientId],
      );
      return rows.length === 1 && rows;
    });
    expect(row).toEqual({ segments: 2, cost: '104000' });
    // Answers and opt-outs come with the form of the networks, so the contact has it as well.
    await eventually('the number is complete', async () => {
      const [contact] = await world.db.query<{ written: string; number: string }>(
        `select contact_value as written, value_normalized as number from app.client_contacts
          where client_id = $1 and contact_type = 'phone'`,
        [clientId],
      );
      return contact?.written === '07700 900111' && contact.number === '+447700900111';
    });
  });

  test('secrets are sealed: nothing of them stands in the table', async () => {
    const rows = await world.db.query<{ text: string }>(
      `select settings::text || encode(coalesce(secret_ciphertext, ''), 'escape') as text
         from app.integration_credentials`,
    );
    expect(rows.length).toBeGreaterThanOrEqual(2);
    for (const { text } of rows) expect(text).not.toMatch(/PRIVATE KEY|smtp:|development-inbox/);
  });

  test.each([
    [
      'a signature of another domain',
      {
        settings: { from: { address: 'a@alder.example' }, dkim: { domain: 'other.example', selector: 'ws1' } },
        secrets: { dkimKey: createDkimKey().pem },
      },
      'dkim.domain',
    ],
    [
      'a key that cannot sign',
      { settings: { dkim: { domain: 'a.example', selector: 's' } }, secrets: { dkimKey: 'x' } },
      'dkimKey',
    ],
    ['a server that is none', { settings: {}, secrets: { smtpUrl: 'http://a.example' } }, 'smtpUrl'],
    [
      'an address that is two',
      { settings: { from: { address: 'a@b.example,c@d.example' } }, secrets: {} },
      'from.address',
    ],
  ])('%s is refused when it is saved', async (_what, change, path) => {
    const supplier = await createSupplier(world.db, []);
    const result = await saved(supplier, 'email', change);
    expect(result.ok ? [] : result.problems.map((problem) => problem.path)).toContain(path);
  });
});

describe('settings that keep messages from leaving', () => {
  test('are told to the owner once, on the status page, until a message leaves again', async () => {
    const supplier = await createSupplier(world.db, [
      journey({ key: 'hello', type: 'email' }, { key: 'more', type: 'email' }),
    ]);
    const strict = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      // It says 535.
      onAuth: (_login, _session, done) => done(new Error('Invalid username or password')),
    });
    await new Promise<void>((resolve) => strict.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise((resolve) => strict.close(resolve)));
    const { port } = strict.server.address() as AddressInfo;
    const broken = { settings: {}, secrets: { smtpUrl: `smtp://user:wrong@127.0.0.1:${port}` } };
    expect(await saved(supplier, 'email', broken)).toEqual({ ok: true });
    const clientId = await supplier.book({ email: 'broken@example.com' });
    const team = () =>
      withTenant(world.db.api, { organizationId: supplier.organizationId, actor: 'test' }, async (trx) =>
        (await readStatus(trx, 'Europe/London')).team.map(({ kind, title }) => ({ kind, title })),
      );
    const news = [{ kind: 'notification', title: 'Mails cannot be sent' }];
    await eventually('both were tried', async () => {
      const rows = await world.db.query(
        `select 1 from app.journey_step_executions s join app.journey_executions e on e.id = s.execution_id
          where e.client_id = $1 and s.state = 'planned' and s.attempts = 1 and s.next_attempt_at is not null`,
        [clientId],
      );
      return rows.length === 2;
    });
    expect(await team()).toEqual(news);
    const [notice] = await world.db.query<{ role: string; body: string }>(
      `select recipient_role as role, body from app.notifications where organization_id = $1`,
      [supplier.organizationId],
    );
    expect(notice).toMatchObject({
      role: 'owner',
      body: expect.stringContaining('wedsync channels set email') as string,
    });

    await saved(supplier, 'email', { settings: {}, secrets: { smtpUrl: own.smtpUrl } });
    await supplier.book({ email: 'mended@example.com' });
    await caught(own, 'mended@example.com');
    await eventually('nothing is left to tell', async () => (await team()).length === 0);

    await saved(supplier, 'email', broken);
    await supplier.book({ email: 'broken-again@example.com' });
    await eventually('it is news again', async () => (await team()).length === 1);
  });
});

describe('over a sending limit means later', () => {
  const steps = [
    { key: 'first', type: 'email', purpose: 'service' },
    { key: 'receipt', type: 'email', purpose: 'transactional', template: 'reminder' },
  ];
  const linesOf = (clientId: string, count: number) =>
    eventually('all steps were looked at', async () => {
      const rows = await world.db.query<{
        key: string;
        state: string;
        attempts: number;
        next: Date | null;
        problem: string | null;
      }>(
        `select s.step_key as key, s.state, s.attempts, s.next_attempt_at as next, s.reason ->> 'problem' as problem
           from app.journey_step_executions s join app.journey_executions e on e.id = s.execution_id
          where e.client_id = $1 and (s.ended_at is not null or s.next_attempt_at is not null) order by s.step_key`,
        [clientId],
      );
      return rows.length === count && rows;
    });

  test('with the reason, in a place of its own on the next day, without using up attempts; what is urgent goes', async () => {
    const supplier = await createSupplier(world.db, [journey(...steps)]);
    await saved(supplier, 'email', { settings: { dailyLimit: 1 }, secrets: {} });
    const [one, two, three] = [
      await supplier.book({ email: 'limit-1@example.com' }),
      await supplier.book({ email: 'limit-2@example.com' }),
      await supplier.book({ email: 'limit-3@example.com' }),
    ];
    const lines = await Promise.all([one, two, three].map((client) => linesOf(client, 2)));
    const [sent, ...later] = lines
      .flat()
      .filter(({ key }) => key === 'first')
      .toSorted((a, b) => Number(a.next) - Number(b.next));
    expect(
      lines
        .flat()
        .filter(({ key }) => key === 'receipt')
        .map(({ state }) => state),
    ).toEqual(['done', 'done', 'done']);
    // The receipts count too, so it may be that none of the others found a place today.
    const waiting = [sent, ...later].filter((line) => line?.state === 'planned');
    expect(waiting.length).toBeGreaterThanOrEqual(2);
    for (const line of waiting) {
      expect(line).toMatchObject({
        attempts: 0,
        problem: expect.stringMatching(/^Not today: the limit of 1 messages/) as string,
      });
    }
    // Each has a day of its own: one a day was allowed.
    expect(new Set(waiting.map((line) => line?.next?.toISOString())).size).toBe(waiting.length);
    const days = await world.db.query(
      `select slot_on::text as day from app.communications where organization_id = $1 and status = 'queued' order by 1`,
      [supplier.organizationId],
    );
    expect(days).toHaveLength(waiting.length);
  });

  test('who will get nothing after all gives the place to the next', async () => {
    const supplier = await createSupplier(world.db, [
      { ...journey({ key: 'first', type: 'email' }), stops: [{ on: 'client.cancelled' }] },
    ]);
    await saved(supplier, 'email', { settings: { dailyLimit: 1 }, secrets: {} });
    await world.db.query(`insert into ops.provider_limits (provider, daily_limit) values ('smtp', 100000)`);
    const place = async (clientId: string) => {
      const [row] = await world.db.query<{ status: string; day: string | null; provider: string | null }>(
        `select status, slot_on::text as day, slot_provider as provider from app.communications where client_id = $1`,
        [clientId],
      );
      return row;
    };
    const taken = (day: string | null | undefined) =>
      world.db.query<{ ours: number; all: number }>(
        `select d.taken as ours, p.taken as all from app.sending_days d join ops.provider_days p on p.day = d.day
          where d.organization_id = $1 and d.channel = 'email' and p.provider = 'smtp' and d.day = $2`,
        [supplier.organizationId, day],
      );
    try {
      await linesOf(await supplier.book({ email: 'place-1@example.com' }), 1);
      const cancelled = await supplier.book({ email: 'place-2@example.com' });
      const stopped = await supplier.book({ email: 'place-3@example.com' });
      await Promise.all([linesOf(cancelled, 1), linesOf(stopped, 1)]);
      const [one, two] = [await place(cancelled), await place(stopped)];
      expect([one?.provider, two?.provider]).toEqual(['smtp', 'smtp']);
      const before = await Promise.all([taken(one?.day), taken(two?.day)]);
      expect(before.flat().map(({ ours }) => ours)).toEqual([1, 1]);

      // By the couple, which the journey finds out by itself, and by a person.
      await world.db.query(`update app.clients set status = 'cancelled' where id = $1`, [cancelled]);
      const [execution] = await world.db.query<{ id: string }>(
        `select id from app.journey_executions where client_id = $1`,
        [stopped],
      );
      await withTenant(world.db.api, { organizationId: supplier.organizationId, actor: 'test' }, (trx) =>
        endExecution(trx, { now: new Date().toISOString(), actor: 'test' }, execution?.id ?? '', 'not wanted'),
      );
      await eventually('neither has a place any more', async () => {
        const rows = [await place(cancelled), await place(stopped)];
        return rows.every((row) => row?.status === 'cancelled' && row.day === null);
      });
      const after = await Promise.all([taken(one?.day), taken(two?.day)]);
      expect(after.flat().map(({ ours }) => ours)).toEqual([0, 0]);
      expect(after.flat().map(({ all }) => all)).toEqual(before.flat().map(({ all }) => all - 1));

      const next = await supplier.book({ email: 'place-4@example.com' });
      await linesOf(next, 1);
      const [first] = [one?.day ?? '', two?.day ?? ''].toSorted((a, b) => (a < b ? -1 : 1));
      expect((await place(next))?.day).toBe(first);
    } finally {
      await world.db.query(`delete from ops.provider_limits`);
      await world.db.query(`delete from ops.provider_days`);
    }
  });

  test('of the whole platform at a provider as well', async () => {
    await world.db.query(`insert into ops.provider_limits (provider, daily_limit) values ('smtp', 1)`);
    await world.db.query(
      `insert into ops.provider_days (provider, day, taken) values ('smtp', (now() at time zone 'Europe/London')::date, 1)`,
    );
    try {
      const mails = await createSupplier(world.db, [journey({ key: 'hello', type: 'email' })]);
      const client = await mails.book({ email: 'provider-limit@example.com' });
      const [line] = await linesOf(client, 1);
      expect(line).toMatchObject({
        state: 'planned',
        attempts: 0,
        problem: expect.stringContaining('platform') as string,
      });
    } finally {
      await world.db.query(`delete from ops.provider_limits`);
    }
  });
});
