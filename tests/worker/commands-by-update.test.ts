import { randomUUID } from 'node:crypto';

import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { toInstant } from '../../activities/clock.ts';
import type { CommandInput, CommandName, NextAction } from '../../activities/next-action.ts';
import { withTenant } from '../../db/tenant.ts';
import { editMessage } from '../../services/executions/edit-message.ts';
import { createDatabaseClock } from '../../worker/database-clock.ts';
import { createGiveCommand } from '../../worker/give-command.ts';
import { workflowIdOf } from '../../worker/journey-workflows.ts';
import { commands } from '../../workflows/messages.ts';
import { eventually } from '../support/eventually.ts';
import { mailsArrive, nextMailFails } from '../support/mails.ts';
import { connectClient } from '../support/temporal.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

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

const mail = (key: string, more: object = {}) => ({
  key,
  type: 'email',
  when: { anchor: 'wedding_date', offset: { days: -7 } },
  template: 'reminder',
  purpose: 'transactional',
  ...more,
});

async function booked(steps: object[]) {
  const supplier = await createSupplier(world.db, [
    { schema: 1, name: `Journey ${randomUUID()}`, starts: { on: 'client.booked' }, steps },
  ]);
  const email = `${randomUUID()}@example.com`;
  const clientId = await supplier.book({ email });
  const executionId = await eventually('the execution is planned', async () => {
    const [row] = await world.db.query<{ id: string }>(
      `select id from app.journey_executions where client_id = $1 and planned_at is not null`,
      [clientId],
    );
    return row?.id;
  });
  const handle = client.workflow.getHandle(workflowIdOf(supplier.organizationId, executionId));
  const give = (name: CommandName, input: Partial<CommandInput> = {}, updateId?: string): Promise<NextAction> =>
    handle.executeUpdate(commands[name], { args: [{ by: 'admin', ...input }], updateId });
  const refused = (name: CommandName, input: Partial<CommandInput> = {}): Promise<string> =>
    give(name, input).then(
      () => 'done',
      (error: unknown) => (error instanceof WorkflowUpdateFailedError ? (error.cause?.message ?? '') : String(error)),
    );
  const line = async (key: string) =>
    (
      await world.db.query<{ state: string; reason: { code: string }; scheduled_for: Date | null }>(
        `select state, reason, scheduled_for from app.journey_step_executions where execution_id = $1 and step_key = $2`,
        [executionId, key],
      )
    )[0];
  return { supplier, clientId, executionId, email, handle, give, refused, line };
}

describe('a command that comes as an update', () => {
  test('pause and resume: answered with the state after it; resumed twice is refused', async () => {
    const { give, refused, executionId } = await booked([mail('a')]);
    expect((await give('pause')).visible?.status).toBe('paused');
    expect((await give('pause')).visible?.status).toBe('paused');
    expect((await give('resume', { late: 'skip' })).visible?.status).toBe('active');
    expect(await refused('resume')).toMatch(/not paused/);
    const trail = await world.db.query(
      `select kind, actor from app.activities where execution_id = $1 order by occurred_at, id`,
      [executionId],
    );
    expect(trail).toEqual([
      { kind: 'execution.paused', actor: 'admin' },
      { kind: 'execution.resumed', actor: 'admin' },
    ]);
  });

  test('skip, run now, move: our rows know at once, and refuse what makes no sense with the reason', async () => {
    const { give, refused, line, email } = await booked([mail('a'), mail('b'), mail('c')]);
    await give('skipStep', { key: 'a' });
    expect((await line('a'))?.reason.code).toBe('by_person');
    expect(await refused('skipStep', { key: 'a' })).toBe('"a" has already ended: skipped.');
    await give('reschedule', { key: 'b', at: '2029-01-15T10:30:00Z' });
    expect((await line('b'))?.scheduled_for?.toISOString()).toBe('2029-01-15T10:30:00.000Z');
    expect(await refused('reschedule', { key: 'b', at: '2020-01-15T10:30:00Z' })).toMatch(/is over/);
    await give('runNow', { key: 'c' });
    await mailsArrive(world, email, 1);
    expect(await refused('runNow', { key: 'nothing' })).toMatch(/There is no step nothing#1/);
    expect(await refused('migrate', { version: 7 })).toMatch(/no version 7/);
    expect(await refused('approve', { key: 'b' })).toMatch(/waits for nobody/);
    expect(await refused('retryStep', { key: 'b' })).toMatch(/nothing to try again/);
  });

  test('what a person wants now waits in the queue of its channel, before everything else', async () => {
    const approval = { ahead: { months: 600 }, deadline: { days: 1 }, fallback: 'skip' };
    const { give, handle, email, supplier, line } = await booked([
      mail('welcome', { when: { anchor: 'journey_start' } }),
      mail('now'),
      mail('approved', { approval }),
      mail('again'),
      mail('later'),
    ]);
    await mailsArrive(world, email, 1);
    await give('runNow', { key: 'now' });
    await mailsArrive(world, email, 2);
    await give('approve', { key: 'approved' });
    await give('runNow', { key: 'approved' });
    await mailsArrive(world, email, 3);
    await nextMailFails(world, { kind: 'refuse', to: email, code: 554, text: '5.7.1 not trusted' });
    await give('runNow', { key: 'again' });
    await eventually('it has failed', async () => (await line('again'))?.state === 'failed');
    await give('retryStep', { key: 'again' });
    await mailsArrive(world, email, 4);

    const { events } = await handle.fetchHistory();
    const sends = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: send }) => (send ? [send] : []));
    const [welcome, ...wanted] = sends.map(({ taskQueue, priority }) => ({
      queue: taskQueue?.name,
      priority: priority?.priorityKey ?? 0,
      fairness: priority?.fairnessKey,
    }));
    expect(welcome).toMatchObject({ queue: 'journeys-email', priority: 0 });
    // Sent now, approved, refused, and tried again.
    const first = { queue: 'journeys-email', priority: 1, fairness: supplier.organizationId };
    expect(wanted).toEqual([first, first, first, first]);
  });

  test('approve: the message that waited for its OK is planned', async () => {
    const approval = { ahead: { months: 600 }, deadline: { days: 1 }, fallback: 'skip' };
    const { give, line } = await booked([mail('a', { approval }), mail('b', { approval })]);
    expect((await line('a'))?.reason.code).toBe('needs_approval');
    await give('approve', { key: 'a' });
    expect((await line('a'))?.state).toBe('planned');
    const next = await give('reject', { key: 'b' });
    expect((await line('b'))?.reason.code).toBe('rejected');
    expect(next.visible?.blocked).toBe(false);
  });

  test('as template: words of this couple are taken back, whoever gave them', async () => {
    const { give, refused, executionId, supplier } = await booked([
      mail('a'),
      { key: 'b', type: 'task', when: mail('b').when, title: 'x' },
    ]);
    const step = { key: 'a', occurrence: 1 };
    await withTenant(world.db.worker, { organizationId: supplier.organizationId, actor: 'test' }, async (trx) =>
      editMessage(trx, { actor: 'test', now: toInstant(new Date()) }, executionId, step, { content: '<p>Own</p>' }),
    );
    expect(await give('asTemplate', { key: 'a' })).toMatchObject({ kind: 'wait' });
    const [words] = await world.db.query(`select edited_content from app.approvals where execution_id = $1`, [
      executionId,
    ]);
    expect(words).toEqual({ edited_content: null });
    expect(await refused('asTemplate', { key: 'b' })).toMatch(/no message/);
    expect(await refused('asTemplate')).toMatch(/Name the step by its key/);
  });

  test('stop: answered with the end, and nothing can be commanded after it', async () => {
    const { give, line } = await booked([mail('a')]);
    expect(await give('stop')).toMatchObject({ kind: 'finished', status: 'stopped' });
    expect((await line('a'))?.reason.code).toBe('stopped');
  });

  test('restart: the execution ends, and another begins from the start', async () => {
    const { give, clientId } = await booked([mail('a')]);
    expect(await give('restart')).toMatchObject({ kind: 'finished', status: 'stopped' });
    const generations = await eventually('the second is planned', async () => {
      const rows = await world.db.query(
        `select generation, status from app.journey_executions where client_id = $1 and planned_at is not null
          order by generation`,
        [clientId],
      );
      return rows.length === 2 && rows;
    });
    expect(generations).toEqual([
      { generation: 1, status: 'stopped' },
      { generation: 2, status: 'active' },
    ]);
  });

  test('the same command given again after its answer was lost changes nothing, and is answered as before', async () => {
    const { supplier, executionId, line } = await booked([mail('a'), mail('b')]);
    const give = createGiveCommand({ database: world.db.worker, clock: createDatabaseClock(world.db.relay) });
    const skip = {
      ...supplier,
      executionId,
      name: 'skipStep',
      by: 'admin',
      key: 'a',
      commandId: randomUUID(),
    } as const;
    expect(await give(skip)).toEqual({ ok: true });
    expect(await give(skip)).toEqual({ ok: true });
    expect(await give({ ...skip, commandId: randomUUID() })).toMatchObject({ ok: false, code: 'already_done' });
    expect((await line('a'))?.state).toBe('skipped');
    const trail = await world.db.query(`select from app.activities where execution_id = $1`, [executionId]);
    expect(trail).toHaveLength(1);
  });
});
