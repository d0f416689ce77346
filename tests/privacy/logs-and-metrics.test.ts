import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createPayloadCodec } from '../../worker/payload-codec.ts';
import { clearPayloads } from '../support/clear-payloads.ts';
import { eventually } from '../support/eventually.ts';
import { nextMailFails } from '../support/mails.ts';
import { startOtlpSink, type OtlpSink } from '../support/otlp-sink.ts';
import { connectClient, testKeyRing } from '../support/temporal.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

const WORKER = fileURLToPath(new URL('talkative-worker.ts', import.meta.url));
/** Found nowhere but in what is known of the couples. */
const MARKS = ['Xanthippe', 'Quillfeather', 'xq.marked', '7700900', '77009 00'];
const EMAIL_FAULTS = ['refuse', 'defer', 'refuse_after_data', 'drop_before_data', 'drop_after_data', 'deliver_twice'];
const TEXT_FAULTS = ['refuse', 'defer', 'drop_after_data', 'server_error', 'undelivered'];

let world: World;
let child: ChildProcess;
let logs = '';
let metrics = '';
let histories = '';
let sink: OtlpSink;

beforeAll(async () => {
  [world, sink] = await Promise.all([createWorld(), startOtlpSink()]);
  const metricsAddress = `127.0.0.1:${await getPort()}`;
  const options = {
    ...world.workerOptions,
    publicUrl: 'http://127.0.0.1:9',
    twilio: { ...world.inbox.twilio, sender: { from: '+447700900800' } },
    metricsAddress,
    tracing: { endpoint: sink.endpoint, serviceName: 'talkative', kept: 1 },
  };
  child = spawn(process.execPath, [WORKER, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (logs += chunk.toString()));
  await eventually('the worker works', async () => logs.includes('carrying out journeys'), 60_000);

  const step = (key: string, type: string) => ({
    key,
    type,
    purpose: 'transactional',
    when: { anchor: 'journey_start' },
    onlyIf: { field: 'client.tags', has: type },
    template: key,
  });
  const supplier = await createSupplier(world.db, [
    {
      schema: 1,
      name: 'All that goes wrong',
      starts: { on: 'client.booked' },
      steps: [step('welcome', 'email'), step('words', 'sms')],
    },
  ]);
  await world.db.query(
    `insert into app.communication_templates (organization_id, name, channel, content_template)
     values ($1, 'words', 'sms', 'Hello {{ client.coupleName }}')`,
    [supplier.organizationId],
  );
  const bookings = [
    ...EMAIL_FAULTS.map((kind) => ({ kind, type: 'email' as const })),
    ...TEXT_FAULTS.map((kind) => ({ kind, type: 'sms' as const })),
    // What cannot even be composed for the wire.
    { kind: null, type: 'email' as const },
  ];
  for (const [place, { kind, type }] of bookings.entries()) {
    const email = kind === null ? 'xq.marked,other@example.com' : `xq.marked.${place}@example.com`;
    const phone = `+4477009001${String(place).padStart(2, '0')}`;
    // Providers like to repeat the address in what they answer.
    const text = `5.1.1 <${email}> of ${phone} is unknown here`;
    if (kind !== null) {
      await nextMailFails(world, { channel: type, kind, to: type === 'email' ? email : phone, text, times: 'always' });
    }
    await world.db.query(
      `with client as (
         insert into app.clients (organization_id, partner_1_name, partner_2_name, status, wedding_date, tags)
         values ($1, 'Xanthippe', 'Quillfeather', 'booked', '2030-06-15', array[$4]) returning organization_id, id)
       insert into app.client_contacts (organization_id, client_id, role, name, contact_type, contact_value, is_primary)
       select organization_id, id, 'partner_1', 'Xanthippe', kind, value, true
         from client, (values ('email', $2), ('phone', $3)) as v (kind, value)`,
      [supplier.organizationId, email, phone, type],
    );
  }
  await eventually(
    'every message has been tried',
    async () => {
      const [row] = await world.db.query<{ steps: number }>(
        `select count(*)::int as steps from app.journey_step_executions
          where state in ('done', 'failed') or reason ->> 'code' = 'retry'`,
      );
      return row?.steps === bookings.length;
    },
    60_000,
  );
  metrics = await (await fetch(`http://${metricsAddress}/metrics`)).text();
  histories = await allHistories();
  child.kill('SIGTERM');
  await once(child, 'exit');
}, 300_000);
afterAll(async () => {
  child?.kill('SIGKILL');
  await sink?.stop();
  await world?.close();
});

/** All that Temporal keeps, decrypted. */
async function allHistories(): Promise<string> {
  const client = await connectClient(world.temporal.address);
  try {
    const codec = createPayloadCodec(testKeyRing);
    const texts: string[] = [];
    for await (const { workflowId } of client.workflow.list()) {
      const handle = client.workflow.getHandle(workflowId);
      const [history, { raw }] = [await handle.fetchHistory(), await handle.describe()];
      const payloads = await clearPayloads({ history, raw }, codec);
      texts.push(JSON.stringify({ history, raw }), ...payloads.map(({ data }) => Buffer.from(data ?? []).toString()));
    }
    return texts.join('\n');
  } finally {
    await client.connection.close();
  }
}

const marksIn = (text: string): string[] => MARKS.filter((mark) => text.toLowerCase().includes(mark.toLowerCase()));

describe('where messages go wrong in every way, nothing says to whom they went', () => {
  test('in the log, at its most talkative', () => {
    expect(logs.length).toBeGreaterThan(1_000);
    expect(marksIn(logs)).toEqual([]);
  });

  test('in the metrics', () => {
    expect(metrics).toContain('temporal_activity');
    expect(marksIn(metrics)).toEqual([]);
  });

  test('in the traces, which tell of every attempt by its ids and of every answer by its code', () => {
    expect(marksIn(sink.text())).toEqual([]);
    const spans = sink.spans();
    const sends = spans.filter(({ name }) => name === 'sendEmail');
    const [send] = sends;
    const organizationId = send?.attributes['wedsync.organization.id'];
    expect(send).toMatchObject({
      service: 'talkative',
      attributes: {
        'temporal.workflow.id': `journey/${organizationId}/${send?.attributes['wedsync.execution.id']}`,
        'temporal.run.id': expect.any(String),
        'temporal.activity.type': 'sendEmail',
        'temporal.activity.attempt': 1,
        'temporal.activity.local': false,
        'temporal.task_queue': 'journeys-email',
        'wedsync.organization.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'wedsync.step.key': 'welcome',
        'wedsync.step.occurrence': 1,
        'wedsync.outcome': 'completed',
      },
    });
    const answers = spans.filter((span) => sends.some(({ spanId }) => span.parentSpanId === spanId));
    expect(new Set(answers.map(({ attributes }) => attributes['wedsync.outcome']))).toEqual(
      new Set(['accepted', 'refused', 'not_accepted', 'unknown']),
    );
    expect(answers.every(({ name, traceId }) => name === 'smtp email' && traceId !== '')).toBe(true);
    // An event's way to its journeys, with the start of their workflows within it.
    const starts = spans.filter(({ name }) => name === 'start journeyRun');
    expect(starts.length).toBeGreaterThan(0);
    for (const { parentSpanId } of starts) {
      const events = spans.find(({ spanId }) => spanId === parentSpanId)?.attributes['wedsync.event'];
      // What was written about the couple at once is brought to its journeys at once.
      expect(String(events).split(',')).toContain('client.booked');
    }
  });

  test('in the histories, though the reasons stand in them', () => {
    expect(histories).toMatch(/mail server answered 451|Twilio answered 20429/);
    expect(marksIn(histories)).toEqual([]);
  });

  test('and our own rows have what was looked for', async () => {
    const [row] = await world.db.query<{ text: string }>(
      `select string_agg(c::text, ' ') || (select string_agg(k::text, ' ') from app.client_contacts k) as text
         from app.communications c`,
    );
    expect(marksIn(row?.text ?? '')).toEqual(['Xanthippe', 'Quillfeather', 'xq.marked', '7700900']);
  });

  test('nor in the reasons that screens and logs show', async () => {
    const [row] = await world.db.query<{ text: string }>(
      `select string_agg(concat_ws(' ', x.reason, x.error_message, x.error_code), ' ') || ' '
         || (select string_agg(concat_ws(' ', c.error_message, c.error_code), ' ') from app.communications c) as text
         from app.journey_step_executions x`,
    );
    expect(row?.text).toContain('[address]');
    expect(marksIn(row?.text ?? '')).toEqual([]);
  });
});
