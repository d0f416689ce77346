import { Writable } from 'node:stream';

import proto from '@temporalio/proto';
import { Runtime } from '@temporalio/worker';
import getPort from 'get-port';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createPayloadCodec } from '../../worker/payload-codec.ts';
import { installRuntime } from '../../worker/install-runtime.ts';
import { startWorker, type RunningWorker } from '../../worker/start-worker.ts';
import { bookByPhone } from '../support/book-by-phone.ts';
import { clearPayloads } from '../support/clear-payloads.ts';
import { eventually } from '../support/eventually.ts';
import { nextMailFails } from '../support/mails.ts';
import { connectClient, testKeyRing } from '../support/temporal.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

/** Found nowhere but in what is known of the couples: local part, domain, number, and the name of whoever is written to. */
const MARKS = ['xq.marked', 'quillfeather.example', '7700900', 'Ana Lopez', 'Ben Hill'];
const { History } = proto.temporal.api.history.v1;

let world: World;
let worker: RunningWorker;
let metrics: string;
const lines: string[] = [];
beforeAll(async () => {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  const log = pino({ level: 'trace' }, sink);
  const port = await getPort({ host: '127.0.0.1' });
  metrics = `http://127.0.0.1:${port}/metrics`;
  // The tests have one of their own, which keeps quiet.
  await Runtime.instance().shutdown();
  installRuntime({ log, metricsAddress: `127.0.0.1:${port}` });
  world = await createWorld();
  const twilio = { ...world.inbox.twilio, sender: { from: '+447700900800' }, timeoutMs: 1_000 };
  worker = await startWorker({ ...world.workerOptions, log, twilio });
});
afterAll(async () => {
  await worker?.stop();
  await world?.close();
});

const marksIn = (text: string): string[] => MARKS.filter((mark) => text.toLowerCase().includes(mark.toLowerCase()));

/** What may happen to a mail and to a text; servers like to repeat the address in their answers. */
const FATES = [
  { mail: null, text: null, mailStatus: 'sent', textStatus: 'sent' },
  {
    mail: { kind: 'refuse', code: 550, text: '5.1.1 <$address> is not known here' },
    text: { kind: 'refuse', code: 21_211, text: 'The number $phone is not valid' },
    mailStatus: 'failed',
    textStatus: 'failed',
  },
  {
    mail: { kind: 'defer', code: 451, text: '4.7.1 <$address> come back later' },
    text: { kind: 'defer', text: 'Too many requests for $phone' },
    mailStatus: 'queued',
    textStatus: 'queued',
  },
  {
    mail: { kind: 'drop_after_data' },
    text: { kind: 'server_error' },
    mailStatus: 'unknown',
    textStatus: 'unknown',
  },
] as const;

describe('no address, number or name', () => {
  const workflowIds: string[] = [];
  beforeAll(async () => {
    const definition = {
      schema: 1,
      name: 'Both ways',
      starts: { on: 'client.booked' },
      steps: (['email', 'sms'] as const).map((type) => ({
        key: type,
        type,
        template: 'welcome',
        when: { anchor: 'journey_start' },
      })),
    };
    const supplier = await createSupplier(world.db, [definition]);
    await world.db.query(
      `insert into app.communication_templates (organization_id, name, channel, content_template)
       values ($1, 'welcome', 'sms', 'Dear {{ recipient.firstName }}')`,
      [supplier.organizationId],
    );
    const play = async (fate: (typeof FATES)[number], index: number): Promise<void> => {
      const [address, phone] = [`xq.marked+${index}@quillfeather.example`, `+44770090012${index}`];
      for (const [channel, to, fault] of [
        ['email', address, fate.mail],
        ['sms', phone, fate.text],
      ] as const) {
        if (fault === null) continue;
        const text = 'text' in fault ? { text: fault.text.replace('$address', address).replace('$phone', phone) } : {};
        await nextMailFails(world, { channel, to, ...fault, ...text });
      }
      const clientId = await bookByPhone(world, supplier, phone, address);
      await eventually(`the messages of couple ${index} have met their fate`, async () => {
        const rows = await world.db.query<{ type: string; status: string; code: string | null }>(
          `select type, status, error_code as code from app.communications where client_id = $1 order by type`,
          [clientId],
        );
        const [mail, text] = rows;
        const isSettled = (row: typeof mail): boolean =>
          row !== undefined && (row.status === 'sent' || row.code !== null);
        return (
          isSettled(mail) && isSettled(text) && mail?.status === fate.mailStatus && text?.status === fate.textStatus
        );
      });
      const [execution] = await world.db.query<{ id: string }>(
        `select workflow_id as id from app.journey_executions where client_id = $1`,
        [clientId],
      );
      workflowIds.push(execution?.id ?? '');
    };
    await Promise.all(FATES.map(play));
  });

  test('the search finds what is there: the rows are full of them', async () => {
    const [{ text } = { text: '' }] = await world.db.query<{ text: string }>(
      `select string_agg(c::text, ' ') || (select string_agg(k::text, ' ') from app.client_contacts k) as text
         from app.communications c`,
    );
    expect(marksIn(text)).toEqual(MARKS.filter((mark) => mark !== 'Ben Hill'));
  });

  test('stands in the log, however much it tells', () => {
    const text = lines.join('');
    expect(text.length).toBeGreaterThan(0);
    expect(marksIn(text)).toEqual([]);
  });

  test('stands in the metrics', async () => {
    const text = await (await fetch(metrics)).text();
    expect(text).toContain('temporal_activity_execution_latency');
    expect(text).toContain('sendEmail');
    expect(marksIn(text)).toEqual([]);
  });

  test('stands in the histories, neither in their bytes nor behind the encryption', async () => {
    const client = await connectClient(world.temporal.address);
    try {
      for (const id of workflowIds) {
        const history = await client.workflow.getHandle(id).fetchHistory();
        const clear = await clearPayloads(history, createPayloadCodec(testKeyRing));
        const text = [
          Buffer.from(History.encode(history).finish()).toString('utf8'),
          ...clear.map(({ data }) => Buffer.from(data ?? []).toString('utf8')),
        ].join('\n');
        expect(text).toContain('sendEmail');
        expect(marksIn(text)).toEqual([]);
      }
    } finally {
      await client.connection.close();
    }
  });

  test('stands in what the ledger tells of a failure', async () => {
    const rows = await world.db.query<{ text: string }>(
      `select concat_ws(' ', error_message, reason::text) as text from app.journey_step_executions`,
    );
    expect(rows.length).toBeGreaterThanOrEqual(2 * FATES.length);
    expect(marksIn(rows.map(({ text }) => text).join('\n'))).toEqual([]);
  });
});
