import proto, { type temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { connectClient } from '../support/temporal.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

/** Found nowhere but in the couple's own record: if one of these is in a history, something leaks. */
const MARKS = ['Xanthippe', 'xanthippe.quill@example.com', 'Quillfeather'];

let world: World;
let client: Awaited<ReturnType<typeof connectClient>>;

beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
  client = await connectClient(world.temporal.address);
});
afterAll(async () => {
  await client?.connection.close();
  await world?.close();
});

type Event = temporal.api.history.v1.IHistoryEvent;

async function historyOf(clientId: string): Promise<{ events: Event[]; raw: string }> {
  const workflowId = await eventually('the execution has ended', async () => {
    const [row] = await world.db.query<{ workflow_id: string; status: string }>(
      `select workflow_id, status from app.journey_executions where client_id = $1`,
      [clientId],
    );
    return row?.status === 'completed' && row.workflow_id;
  });
  const handle = client.workflow.getHandle(workflowId);
  await handle.result();
  const { events = [] } = await handle.fetchHistory();
  const description = await handle.describe();
  // The very bytes that lie on the server: what is not encrypted can be read in them.
  const { history, workflowservice } = proto.temporal.api;
  const raw = [
    history.v1.History.encode({ events: events ?? [] }).finish(),
    workflowservice.v1.DescribeWorkflowExecutionResponse.encode(description.raw).finish(),
  ]
    .map((bytes) => Buffer.from(bytes).toString('latin1'))
    .join('');
  return { events: events ?? [], raw };
}

/** Steps a second apart: each has its own timer. */
const seconds = (count: number, step: (index: number) => object) => ({
  schema: 1,
  name: `${count} steps`,
  starts: { on: 'client.booked' },
  steps: Array.from({ length: count }, (_, index) => ({ key: `step_${index}`, ...step(index) })),
});
describe('what an execution costs in Temporal, and what it tells', () => {
  test(
    'nothing of the couple is in history, memo, summaries, attributes or failures',
    { timeout: 120_000 },
    async () => {
      const supplier = await createSupplier(world.db, [
        {
          schema: 1,
          name: 'Private',
          starts: { on: 'client.booked' },
          steps: [
            {
              key: 'mail',
              type: 'email',
              template: 'welcome',
              purpose: 'transactional',
              when: { anchor: 'journey_start' },
            },
            { key: 'broken', type: 'email', template: 'missing', when: { anchor: 'journey_start' } },
            { key: 'call', type: 'task', title: 'Call {{ client.coupleName }}', when: { anchor: 'journey_start' } },
            {
              key: 'asked',
              type: 'condition',
              test: { field: 'client.tags', has: 'x' },
              when: { anchor: 'journey_start' },
            },
          ],
        },
      ]);
      const clientId = await supplier.book({ name: 'Xanthippe Quillfeather', email: 'xanthippe.quill@example.com' });
      const { events, raw } = await historyOf(clientId);
      expect(events.length).toBeGreaterThan(5);
      for (const mark of MARKS) expect(raw).not.toContain(mark);
      // Beside that, nothing of the journey can be read without the key either.
      expect(raw).not.toContain('organizationId');
      const payloads = raw.match(/binary\/encrypted/g) ?? [];
      expect(payloads.length).toBeGreaterThan(3);
      // The marks are real: our own rows have them.
      const [row] = await world.db.query<{ content: string }>(
        `select content from app.communications where client_id = $1 and status = 'sent'`,
        [clientId],
      );
      expect(row?.content).toContain('Xanthippe');
    },
  );

  test('a step that only touches rows costs one event, a send six, a start five', { timeout: 120_000 }, async () => {
    const task = (): object => ({ type: 'task', title: 'Call', when: { anchor: 'journey_start' } });
    const send = (): object => ({
      type: 'email',
      template: 'welcome',
      purpose: 'transactional',
      when: { anchor: 'journey_start' },
    });
    const counts: Record<string, number> = {};
    for (const [name, steps] of Object.entries({ one: [task], two: [task, task], sent: [task, send] })) {
      const own = await createSupplier(world.db, [seconds(steps.length, (index) => steps[index]?.() ?? {})]);
      const { events } = await historyOf(await own.book({ email: `${name}@example.com` }));
      counts[name] = events.length;
    }
    expect((counts['two'] ?? 0) - (counts['one'] ?? 0)).toBe(1);
    // Activity scheduled, started, completed, and the workflow task that takes the answer.
    expect((counts['sent'] ?? 0) - (counts['one'] ?? 0)).toBe(6);
    // Started, the first workflow task (3), the plan; then the step, the status in the index, the end.
    expect(counts['one']).toBe(5 + 1 + 2);
  });
});
