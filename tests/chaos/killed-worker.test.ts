import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { assertNever } from '../../journeys/assert-never.ts';
import { eventually } from '../support/eventually.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';
import { startChild, type Child } from './support/child-process.ts';
import type { Hold } from './support/hold-statements.ts';
import { startProviders, type Providers } from './support/providers.ts';
import { FULL, RESUMED_WITHIN_MS } from './support/scale.ts';

const MESSAGES = ['email', 'sms', 'whatsapp'] as const;
const ROWS = ['task', 'notification', 'update_client', 'condition', 'webhook'] as const;
type Kind = (typeof MESSAGES)[number] | (typeof ROWS)[number];

interface Point {
  readonly name: string;
  /** Those that come by this point; the others just go on. */
  readonly kinds: readonly Kind[];
  /** Statements that are held for one step there. */
  readonly holds: readonly Hold[];
  /** The providers have the message and do not answer. */
  readonly silent?: 'connection' | 'answer';
  /** What the message is called afterwards, and how often the provider got it. */
  readonly becomes: { readonly status: 'sent' | 'unknown'; readonly sent: 0 | 1 };
  /** The step of the webhook comes by this point, but its delivery is under way by then: it ends before the kill. */
  readonly isDelivered?: boolean;
  /** A webhook goes again under its id where its answer was lost. */
  readonly webhooks: 1 | 2;
  /** Also in `npm test`. */
  readonly bounded?: boolean;
}

const QUEUED = 'insert into app.communications as c';
const CLAIMED = 'app.claim_message_for';
const SETTLED = 'provider_message_id = coalesce';
const FINISHED = 'duration_ms = least';
const COUNTED = 'set attempt_count = ';
const RECORDED = 'insert into app.webhook_delivery_attempts';
const [SENT, LOST] = [{ status: 'sent', sent: 1 } as const, { status: 'unknown', sent: 1 } as const];
const hold = (statement: string, place: Hold['place']): Hold[] => [{ name: statement, statement, place }];

/** The way of a step, from its turn to the workflow's hearing of it. */
const POINTS: readonly Point[] = [
  { name: 'within begin', kinds: MESSAGES, holds: hold(QUEUED, 'before'), becomes: SENT, webhooks: 1 },
  { name: 'begun', kinds: MESSAGES, holds: hold(QUEUED, 'committed'), becomes: SENT, webhooks: 1 },
  { name: 'connection open', kinds: ['email'], holds: [], silent: 'connection', becomes: SENT, webhooks: 1 },
  {
    name: 'claimed, nothing has left',
    kinds: MESSAGES,
    holds: hold(CLAIMED, 'after'),
    // Whoever comes later cannot tell this from a message that has left: the claim is the last thing before it.
    becomes: { status: 'unknown', sent: 0 },
    webhooks: 1,
  },
  {
    name: 'the provider has it, its answer is lost',
    kinds: MESSAGES,
    holds: [],
    silent: 'answer',
    becomes: LOST,
    webhooks: 2,
    bounded: true,
  },
  { name: 'answered, not written down', kinds: MESSAGES, holds: hold(SETTLED, 'before'), becomes: LOST, webhooks: 1 },
  {
    name: 'written down, the step not ended',
    kinds: MESSAGES,
    holds: hold(SETTLED, 'committed'),
    becomes: SENT,
    webhooks: 1,
    bounded: true,
  },
  // The provider's answer is written down in the same transaction, which the end of the step commits with itself.
  { name: 'within finish', kinds: [...MESSAGES, ...ROWS], holds: hold(FINISHED, 'before'), becomes: LOST, webhooks: 1 },
  {
    name: 'finished, the workflow has not heard',
    kinds: [...MESSAGES, ...ROWS],
    holds: hold(FINISHED, 'committed'),
    becomes: SENT,
    isDelivered: true,
    webhooks: 1,
    bounded: true,
  },
  {
    name: 'webhook: attempt counted',
    kinds: ['webhook'],
    holds: hold(COUNTED, 'committed'),
    becomes: SENT,
    webhooks: 1,
  },
  { name: 'webhook: answered', kinds: ['webhook'], holds: hold(RECORDED, 'before'), becomes: SENT, webhooks: 2 },
  { name: 'webhook: recorded', kinds: ['webhook'], holds: hold(RECORDED, 'committed'), becomes: SENT, webhooks: 1 },
];

let world: World;
let providers: Providers;
let worker: Child;
const start = (): Promise<Child> =>
  startChild('worker-child', {
    ...world.workerOptions,
    sendTimeoutMs: 8_000,
    smtpUrl: providers.smtp.url,
    webhookAllowList: providers.webhookAllowList,
    twilio: {
      accountSid: `AC${'0'.repeat(32)}`,
      authToken: 'secret',
      sender: { from: '+447700900999' },
      baseUrl: providers.twilioUrl,
    },
  });

beforeAll(async () => {
  [world, providers] = await Promise.all([createWorld(), startProviders()]);
  worker = await start();
});
afterAll(async () => {
  await worker?.kill();
  await providers?.stop();
  await world?.close();
});

describe('a worker that is killed (kill -9) while steps of every kind are at the same point', () => {
  const points = POINTS.filter(({ bounded }) => FULL || bounded === true);
  test.each(points.map((point, index) => ({ ...point, index })))(
    '$name',
    { timeout: 400_000 },
    async ({ index, kinds, holds, silent, becomes, isDelivered = false, webhooks }) => {
      const couples = await book(index);
      await worker.holdAt(holds);
      if (silent !== undefined) {
        providers.smtp.failNext({ stage: silent === 'answer' ? 'dot' : 'mail', action: 'silence', delivered: true });
        providers.fallSilent(silent === 'answer');
      }
      await setOff(couples);
      // All others have ended: whoever dies then dies in the middle of these alone.
      const caught = silent === 'answer' ? [...kinds, 'webhook' as const] : kinds;
      if (silent === undefined) await worker.held(kinds.length);
      else await eventually('the providers have it', async () => providers.smtp.hasFailed() && heard(index, silent));
      await eventually('the others have ended', async () => {
        const open = await steps(couples.filter(({ kind }) => !caught.includes(kind)));
        const isHeld = caught.includes('webhook') && !isDelivered;
        return (isHeld || (await deliveries(index)) === 'succeeded') && open.every(({ state }) => state === 'done');
      });
      await worker.kill();
      providers.fallSilent(false);
      worker = await start();

      await eventually(
        'every step has ended',
        async () => (await steps(couples)).every(({ state }) => state === 'done'),
        RESUMED_WITHIN_MS,
      );
      await eventually(
        'the webhook has arrived',
        async () => (await deliveries(index)) === 'succeeded',
        RESUMED_WITHIN_MS,
      );
      const met = new Map<Kind, { status: string; sent: number }>();
      for (const { kind, clientId } of couples.filter(({ kind }) => isMessage(kind)))
        met.set(kind, await messageOf(kind, clientId, index));
      expect(Object.fromEntries(met)).toEqual(
        Object.fromEntries(MESSAGES.map((kind) => [kind, kinds.includes(kind) ? becomes : SENT])),
      );
      const ids = providers.webhooksAt(`/${index}`);
      expect(new Set(ids).size).toBe(1);
      expect(ids.length).toBe(webhooks);
      expect(await rowsOf(couples)).toEqual({ tasks: 1, notifications: 1, tagged: 1, deliveries: 1 });
      const open = await world.db.query(`select from app.journey_executions where completed_at is null`);
      expect(open).toEqual([]);
    },
  );
});

interface Couple {
  readonly kind: Kind;
  readonly clientId: string;
}

const isMessage = (kind: Kind): boolean => (MESSAGES as readonly string[]).includes(kind);
const phoneOf = (kind: Kind, index: number): string => `+4477009${kind === 'sms' ? '01' : '02'}${String(100 + index)}`;

function stepOf(kind: Kind, index: number): object {
  const at = { key: kind, type: kind, when: { anchor: 'event:go' } };
  switch (kind) {
    case 'email':
      return { ...at, template: 'welcome', purpose: 'transactional' };
    case 'sms':
    case 'whatsapp':
      return { ...at, template: 'text', purpose: 'transactional' };
    case 'task':
      return { ...at, title: 'Call' };
    case 'notification':
      return { ...at, title: 'Look', to: 'all' };
    case 'update_client':
      return { ...at, set: { addTags: [`tag_${index}`] } };
    case 'condition':
      return { ...at, test: { field: 'client.tags', has: 'x' } };
    case 'webhook':
      return { ...at, url: `${providers.webhookUrl}/${index}` };
    default:
      return assertNever(kind);
  }
}

/** A couple for each kind of step, whose executions wait for the same event. */
async function book(index: number): Promise<Couple[]> {
  return Promise.all(
    [...MESSAGES, ...ROWS].map(async (kind) => {
      const supplier = await createSupplier(world.db, [
        { schema: 1, name: kind, starts: { on: 'client.booked' }, steps: [stepOf(kind, index)] },
      ]);
      for (const channel of ['sms', 'whatsapp'])
        await world.db.query(
          `insert into app.communication_templates (organization_id, name, channel, content_template, content_sid)
           values ($1, 'text', $2, 'Words', case when $2 = 'whatsapp' then $3 end)`,
          [supplier.organizationId, channel, `HX${'a'.repeat(32)}`],
        );
      const clientId = await supplier.book({ email: `${kind}.${index}@example.com` });
      await world.db.query(
        `insert into app.client_contacts (organization_id, client_id, role, contact_type, contact_value, is_primary)
         select organization_id, id, 'partner_1', 'phone', $2, true from app.clients where id = $1`,
        [clientId, phoneOf(kind, index)],
      );
      await eventually('the execution waits', async () => (await steps([{ kind, clientId }]))[0]?.state === 'waiting');
      return { kind, clientId };
    }),
  );
}

const setOff = (couples: readonly Couple[]): Promise<unknown> =>
  world.db.query(
    `insert into app.client_events (organization_id, client_id, name, source)
     select organization_id, id, 'go', 'api' from app.clients where id = any($1)`,
    [couples.map(({ clientId }) => clientId)],
  );

const steps = (couples: readonly Couple[]): Promise<{ state: string }[]> =>
  world.db.query<{ state: string }>(
    `select s.state from app.journey_step_executions s join app.journey_executions e on e.id = s.execution_id
     where e.client_id = any($1)`,
    [couples.map(({ clientId }) => clientId)],
  );

const heard = (index: number, silent: 'connection' | 'answer'): boolean =>
  silent === 'connection' ||
  (providers.textsTo(phoneOf('sms', index)) === 1 &&
    providers.textsTo(`whatsapp:${phoneOf('whatsapp', index)}`) === 1 &&
    providers.webhooksAt(`/${index}`).length === 1);

async function deliveries(index: number): Promise<string | undefined> {
  const [row] = await world.db.query<{ status: string }>(`select status from app.webhook_deliveries where url = $1`, [
    `${providers.webhookUrl}/${index}`,
  ]);
  return row?.status;
}

async function messageOf(kind: Kind, clientId: string, index: number): Promise<{ status: string; sent: number }> {
  const rows = await world.db.query<{ id: string; status: string }>(
    `select id, status from app.communications where client_id = $1`,
    [clientId],
  );
  const [row] = rows;
  if (row === undefined || rows.length !== 1) throw new Error(`${kind}: there are ${rows.length} messages.`);
  const texts = (number: string): number => providers.textsTo(number);
  const sent =
    kind === 'email'
      ? providers.smtp.delivered.filter((id) => id.includes(row.id)).length
      : texts(kind === 'sms' ? phoneOf(kind, index) : `whatsapp:${phoneOf(kind, index)}`);
  return { status: row.status, sent };
}

async function rowsOf(couples: readonly Couple[]): Promise<Record<string, number> | undefined> {
  const [row] = await world.db.query<Record<string, number>>(
    `select (select count(*)::int from app.tasks where client_id = any($1)) as tasks,
            (select count(*)::int from app.notifications where client_id = any($1)) as notifications,
            (select count(*)::int from app.clients where id = any($1) and cardinality(tags) = 1) as tagged,
            (select count(*)::int from app.webhook_deliveries where client_id = any($1)) as deliveries`,
    [couples.map(({ clientId }) => clientId)],
  );
  return row;
}
