import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { claimOutgoing } from '../../db/outgoing.ts';
import { publishJourneyVersion } from '../../db/journeys.ts';
import { withTenant, type Trx } from '../../db/tenant.ts';
import { parseDefinition } from '../../journeys/definition.ts';
import { wakeExecution, type Commander, type CommandResult } from '../../services/executions/command.ts';
import { decideApproval } from '../../services/executions/decide-approval.ts';
import { editMessage, type OwnWords } from '../../services/executions/edit-message.ts';
import { endExecution } from '../../services/executions/end-execution.ts';
import { enrolClient } from '../../services/executions/enrol-client.ts';
import { holdScope, releaseScope, type HoldScope } from '../../services/executions/hold-scope.ts';
import { migrateExecution } from '../../services/executions/migrate-execution.ts';
import { pauseExecution } from '../../services/executions/pause-execution.ts';
import { previewMigration } from '../../services/executions/preview-migration.ts';
import { rescheduleStep, runStepNow } from '../../services/executions/reschedule-step.ts';
import { restartExecution } from '../../services/executions/restart-execution.ts';
import { resumeExecution } from '../../services/executions/resume-execution.ts';
import { retryStep } from '../../services/executions/retry-step.ts';
import { skipStep } from '../../services/executions/skip-step.ts';
import { changeWeddingDate, undoWeddingDate } from '../../services/wedding-date/change-wedding-date.ts';
import { previewWeddingDate } from '../../services/wedding-date/preview-wedding-date.ts';
import { eventually } from '../support/eventually.ts';
import { mailsArrive, mailsTo, nextMailFails } from '../support/mails.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world?.close());

const step = (key: string, more: object = {}) => ({
  key,
  type: 'email',
  when: { anchor: 'wedding_date', offset: { days: -7 } },
  template: 'reminder',
  purpose: 'transactional',
  ...more,
});
const journey = (steps: object[], more: object = {}) => ({
  schema: 1,
  name: `Journey ${randomUUID()}`,
  starts: { on: 'client.booked' },
  steps,
  ...more,
});

interface Booked {
  supplier: Supplier;
  clientId: string;
  executionId: string;
  email: string;
}

/** A couple on a journey of its own, planned by the worker. */
async function booked(definition: object): Promise<Booked> {
  const supplier = await createSupplier(world.db, [definition]);
  const email = `${randomUUID()}@example.com`;
  const clientId = await supplier.book({ email });
  const executionId = await eventually('the execution is planned', async () => {
    const [row] = await world.db.query<{ id: string }>(
      `select id from app.journey_executions where client_id = $1 and planned_at is not null`,
      [clientId],
    );
    return row?.id;
  });
  return { supplier, clientId, executionId, email };
}

async function command(
  { supplier }: Pick<Booked, 'supplier'>,
  give: (trx: Trx, by: Commander) => Promise<CommandResult>,
): Promise<CommandResult> {
  const by: Commander = { actor: 'user:somebody', now: `${new Date().toISOString().slice(0, 19)}Z` };
  return withTenant(world.db.api, { organizationId: supplier.organizationId, actor: by.actor }, (trx) => give(trx, by));
}

interface Line {
  state: string;
  reason: { code: string };
  scheduled_for: Date | null;
}
const lineOf = async (executionId: string, key: string): Promise<Line | undefined> =>
  (
    await world.db.query<Line>(
      `select state, reason, scheduled_for from app.journey_step_executions where execution_id = $1 and step_key = $2`,
      [executionId, key],
    )
  )[0];
const lineBecomes = (executionId: string, key: string, is: (line: Line) => boolean): Promise<Line> =>
  eventually(`the step ${key} is as hoped for`, async () => {
    const line = await lineOf(executionId, key);
    return line !== undefined && is(line) && line;
  });
const once = { key: 'a', occurrence: 1 };

describe('a person commands, and the execution follows', () => {
  test('skip: the step is not for this couple; twice is refused with the reason', async () => {
    const couple = await booked(journey([step('a'), step('b')]));
    const { executionId } = couple;
    expect(await command(couple, (trx, by) => skipStep(trx, by, executionId, once))).toMatchObject({ ok: true });
    await lineBecomes(executionId, 'a', ({ state, reason }) => state === 'skipped' && reason.code === 'by_person');
    expect(await command(couple, (trx, by) => skipStep(trx, by, executionId, once))).toMatchObject({
      ok: false,
      code: 'already_done',
    });
    expect((await lineOf(executionId, 'b'))?.state).toBe('planned');
  });

  test('run now: a mail of the far future goes at once; sent is sent', async () => {
    const couple = await booked(journey([step('a'), step('b')]));
    await command(couple, (trx, by) => runStepNow(trx, by, couple.executionId, once));
    await mailsArrive(world, couple.email, 1);
    await lineBecomes(couple.executionId, 'a', ({ state }) => state === 'done');
    const again = await command(couple, (trx, by) => runStepNow(trx, by, couple.executionId, once));
    expect(again).toMatchObject({ ok: false, code: 'already_done' });
    expect(await mailsTo(world, couple.email)).toHaveLength(1);
  });

  test('reschedule: the step stays where it was put when the wedding moves', async () => {
    const couple = await booked(journey([step('a')]));
    const at = '2029-01-15T10:30:00Z';
    await command(couple, (trx, by) => rescheduleStep(trx, by, couple.executionId, once, at));
    await lineBecomes(couple.executionId, 'a', ({ scheduled_for }) => scheduled_for?.getTime() === Date.parse(at));
    await world.db.query(`update app.clients set wedding_date = '2031-05-03' where id = $1`, [couple.clientId]);
    await eventually('the outbox is empty', async () => {
      const rows = await world.db.query(`select from app.outbox where client_id = $1 and processed_at is null`, [
        couple.clientId,
      ]);
      return rows.length === 0;
    });
    expect((await lineOf(couple.executionId, 'a'))?.scheduled_for?.getTime()).toBe(Date.parse(at));
    const past = await command(couple, (trx, by) =>
      rescheduleStep(trx, by, couple.executionId, once, '2020-01-01T00:00:00Z'),
    );
    expect(past).toMatchObject({ ok: false, code: 'in_the_past' });
  });

  test('pause and resume: what falls due meanwhile waits, and goes when somebody lets it', async () => {
    const couple = await booked(journey([step('a'), step('b')]));
    const { executionId } = couple;
    const pause = (trx: Trx, by: Commander) => pauseExecution(trx, by, executionId, 'on holiday');
    expect(await command(couple, pause)).toMatchObject({ ok: true, changed: true });
    expect(await command(couple, pause)).toMatchObject({ ok: true, changed: false });
    await command(couple, (trx, by) => runStepNow(trx, by, executionId, once));
    await lineBecomes(executionId, 'a', ({ state, reason }) => state === 'held' && reason.code === 'paused');
    expect(await mailsTo(world, couple.email)).toHaveLength(0);
    await command(couple, (trx, by) => resumeExecution(trx, by, executionId, 'send'));
    await mailsArrive(world, couple.email, 1);
    const twice = await command(couple, (trx, by) => resumeExecution(trx, by, executionId, 'send'));
    expect(twice).toMatchObject({ ok: false, code: 'not_paused' });
  });

  test('approve: the message waits for its OK and goes with the words that somebody gave it', async () => {
    const approval = { ahead: { months: 600 }, deadline: { days: 1 }, fallback: 'skip' };
    const couple = await booked(journey([step('a', { approval }), step('b')]));
    const { executionId } = couple;
    await lineBecomes(executionId, 'a', ({ reason }) => reason.code === 'needs_approval');
    const asked = await world.db.query(
      `select n.title, n.recipient_role, a.decision from app.notifications n
       join app.approvals a on a.execution_id = n.execution_id where n.execution_id = $1`,
      [executionId],
    );
    expect(asked).toEqual([{ title: '"a" needs your OK', recipient_role: 'owner', decision: null }]);
    const words = { subject: 'Only for you', content: '<p>Dear {{ client.coupleName }}</p>' };
    await command(couple, (trx, by) => editMessage(trx, by, executionId, once, words));
    await command(couple, (trx, by) => decideApproval(trx, by, executionId, once, { decision: 'approved' }));
    await lineBecomes(executionId, 'a', ({ state }) => state === 'planned');
    await command(couple, (trx, by) => runStepNow(trx, by, executionId, once));
    const [mail] = await mailsArrive(world, couple.email, 1);
    expect(mail?.subject).toBe('Only for you');
    const other = await command(couple, (trx, by) =>
      decideApproval(trx, by, executionId, { key: 'b', occurrence: 1 }, { decision: 'approved' }),
    );
    expect(other).toMatchObject({ ok: false, code: 'not_asked' });
  });

  test('edit: other words for one couple, once however often they are given, and the template’s again', async () => {
    const couple = await booked(journey([step('a'), { key: 'b', type: 'task', title: 'Call', when: step('b').when }]));
    const { executionId } = couple;
    const edit = (words: OwnWords | null, by: Partial<Commander> = {}, name = once): Promise<CommandResult> =>
      command(couple, (trx, who) => editMessage(trx, { ...who, ...by }, executionId, name, words));
    const words = { subject: 'Rome', content: '<p>Dear {{ client.coupleName }}, how was Rome?</p>' };
    expect(await edit(words)).toMatchObject({
      ok: true,
      changed: true,
      message: '"a" has its own words for this couple.',
    });
    expect(await edit(words)).toMatchObject({ ok: true, changed: false });
    expect(await edit(null)).toMatchObject({ ok: true, changed: true, message: `"a" has the template's words.` });
    expect(await edit(null)).toMatchObject({ ok: true, changed: false });
    const again = { commandId: randomUUID() };
    expect([await edit(words, again), await edit({ content: 'Other.' }, again)]).toMatchObject([
      { changed: true },
      { changed: false },
    ]);
    expect(await edit({ content: ' ' })).toMatchObject({ ok: false, code: 'bad_words' });
    expect(await edit({ content: '{{ client.cupleName }}' })).toMatchObject({
      code: 'bad_words',
      message: expect.stringContaining('Did you mean {{ client.coupleName }}?') as string,
    });
    expect(await edit(words, {}, { key: 'b', occurrence: 1 })).toMatchObject({ ok: false, code: 'not_a_message' });
    expect(await edit(words, {}, { key: 'c', occurrence: 1 })).toMatchObject({ ok: false, code: 'step_not_found' });

    await command(couple, (trx, by) => runStepNow(trx, by, executionId, once));
    const [mail] = await mailsArrive(world, couple.email, 1);
    expect(mail?.subject).toBe('Rome');
    await lineBecomes(executionId, 'a', ({ state }) => state === 'done');
    expect(await edit(words)).toMatchObject({ ok: false, code: 'already_done' });
    await command(couple, (trx, by) => endExecution(trx, by, executionId, 'by hand'));
    await eventually('it has ended', async () => {
      const refused = await edit(words);
      return !refused.ok && refused.code === 'ended';
    });
    const trail = await world.db.query<{ actor: string; summary: string }>(
      `select actor, summary from app.activities where execution_id = $1 and kind = 'execution.message_edited'
        order by occurred_at, id`,
      [executionId],
    );
    expect(new Set(trail.map(({ actor }) => actor))).toEqual(new Set(['user:somebody']));
    expect(trail).toHaveLength(3);
    expect(JSON.stringify(trail)).not.toContain('Rome');
  });

  test('nobody decides: at the deadline the step does what it says', async () => {
    const later = { anchor: 'journey_start', offset: { minutes: 10 } };
    const asked = (fallback: string) =>
      step('a', { when: later, approval: { ahead: { hours: 1 }, deadline: { minutes: 1 }, fallback } });
    const couples = await Promise.all(
      (['send', 'skip', 'task'] as const).map(async (fallback) => ({
        fallback,
        ...(await booked(journey([asked(fallback), step('b')]))),
      })),
    );
    for (const { executionId } of couples)
      await lineBecomes(executionId, 'a', ({ reason }) => reason.code === 'needs_approval');
    // As if they had begun eleven minutes ago: the deadline is three seconds away, and time does the rest.
    for (const { executionId, supplier } of couples) {
      await world.db.query(
        `update app.journey_executions set started_at = now() - interval '10 minutes 57 seconds' where id = $1`,
        [executionId],
      );
      const tenant = { organizationId: supplier.organizationId, actor: 'test' };
      await withTenant(world.db.api, tenant, (trx) => wakeExecution(trx, executionId));
    }
    for (const { executionId, fallback, email } of couples) {
      if (fallback === 'send') await mailsArrive(world, email, 1);
      else await lineBecomes(executionId, 'a', ({ reason }) => reason.code === 'not_approved');
      expect(await mailsTo(world, email)).toHaveLength(fallback === 'send' ? 1 : 0);
      const tasks = await world.db.query(`select from app.tasks where execution_id = $1`, [executionId]);
      expect(tasks).toHaveLength(fallback === 'task' ? 1 : 0);
    }
  });

  test('reject: the message is never sent', async () => {
    const approval = { ahead: { months: 600 }, deadline: { days: 1 }, fallback: 'send' };
    const couple = await booked(journey([step('a', { approval })]));
    await command(couple, (trx, by) =>
      decideApproval(trx, by, couple.executionId, once, { decision: 'rejected', note: 'not for them' }),
    );
    await lineBecomes(couple.executionId, 'a', ({ reason }) => reason.code === 'rejected');
  });

  test('retry: what a mail server refused is sent when somebody has mended it', async () => {
    const couple = await booked(journey([step('a')]));
    await nextMailFails(world, { kind: 'refuse', to: couple.email, code: 554, text: '5.7.1 not trusted' });
    await command(couple, (trx, by) => runStepNow(trx, by, couple.executionId, once));
    await lineBecomes(couple.executionId, 'a', ({ state }) => state === 'failed');
    expect(await command(couple, (trx, by) => retryStep(trx, by, couple.executionId, once))).toMatchObject({
      ok: true,
    });
    await mailsArrive(world, couple.email, 1);
    await lineBecomes(couple.executionId, 'a', ({ state }) => state === 'done');
    const done = await command(couple, (trx, by) => retryStep(trx, by, couple.executionId, once));
    expect(done).toMatchObject({ ok: false });
  });

  test('stop: what was unsent is skipped, closing steps run, and the execution ends', async () => {
    const closing = [{ key: 'bye', type: 'task', title: 'Decide on the deposit' }];
    const couple = await booked(journey([step('a')], { stops: [{ on: 'client.cancelled' }], closing }));
    const { executionId } = couple;
    await command(couple, (trx, by) => endExecution(trx, by, executionId, 'they asked'));
    await eventually('it has ended', async () => {
      const [row] = await world.db.query<{ status: string }>(
        `select status from app.journey_executions where id = $1`,
        [executionId],
      );
      return row?.status === 'stopped';
    });
    expect((await lineOf(executionId, 'a'))?.reason.code).toBe('stopped');
    expect((await lineOf(executionId, 'bye'))?.state).toBe('done');
    const ended = await command(couple, (trx, by) => skipStep(trx, by, executionId, once));
    expect(ended).toMatchObject({ ok: false, code: 'ended' });
  });

  test('restart: the journey begins again as the next generation, once for one command', async () => {
    const couple = await booked(journey([step('a', { when: { anchor: 'journey_start' } }), step('b')]));
    await mailsArrive(world, couple.email, 1);
    const commandId = randomUUID();
    const restart = (trx: Trx, by: Commander) => restartExecution(trx, by, couple.executionId, commandId);
    await command(couple, restart);
    await mailsArrive(world, couple.email, 2);
    expect(await command(couple, restart)).toMatchObject({ ok: true, changed: false });
    const generations = await world.db.query<{ generation: number; status: string }>(
      `select generation, status from app.journey_executions where client_id = $1 order by generation`,
      [couple.clientId],
    );
    expect(generations).toMatchObject([{ generation: 1, status: 'stopped' }, { generation: 2 }]);
  });

  test('enrol: a couple is put on a journey by hand, and not twice', async () => {
    const supplier = await createSupplier(world.db, [journey([step('a', { when: { anchor: 'journey_start' } })])]);
    const email = `${randomUUID()}@example.com`;
    const clientId = await supplier.book({ status: 'lead', email });
    const [journeyId = ''] = supplier.journeyIds;
    const enrol = (trx: Trx, by: Commander) => enrolClient(trx, by, { journeyId, clientId, commandId: randomUUID() });
    expect(await command({ supplier }, enrol)).toMatchObject({ ok: true });
    await mailsArrive(world, email, 1);
    expect(await command({ supplier }, enrol)).toMatchObject({ ok: false, code: 'already_enrolled' });
  });

  test('migrate: what was done stays done, what is ahead follows the new version, and back', async () => {
    const first = journey([step('a', { when: { anchor: 'journey_start' } }), step('b')]);
    const couple = await booked(first);
    await mailsArrive(world, couple.email, 1);
    const parsed = parseDefinition({
      ...first,
      steps: [
        step('a', { when: { anchor: 'journey_start' } }),
        step('b', { when: { anchor: 'wedding_date', offset: { days: -3 } } }),
        step('c'),
      ],
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { definition } = parsed;
    const [journeyId = ''] = couple.supplier.journeyIds;
    await withTenant(world.db.api, { organizationId: couple.supplier.organizationId, actor: 'test' }, (trx) =>
      publishJourneyVersion(trx, { journeyId, definition }),
    );
    const { executionId } = couple;
    const before = (await lineOf(executionId, 'b'))?.scheduled_for?.toISOString();
    expect(before).toBe('2030-06-08T08:00:00.000Z');
    const preview = await withTenant(
      world.db.api,
      { organizationId: couple.supplier.organizationId, actor: 'test' },
      (trx) => previewMigration(trx, executionId, 2, `${new Date().toISOString().slice(0, 19)}Z`),
    );
    if (!preview.ok) throw new Error(preview.message);
    expect(preview.change.steps.map(({ key, kind }) => [key, kind])).toEqual([
      ['c', 'gained'],
      ['b', 'later'],
    ]);
    expect((await lineOf(executionId, 'b'))?.scheduled_for?.toISOString()).toBe(before);
    expect(await command(couple, (trx, by) => migrateExecution(trx, by, executionId, 2))).toMatchObject({ ok: true });
    await lineBecomes(
      executionId,
      'b',
      ({ scheduled_for }) => scheduled_for?.toISOString() === '2030-06-12T08:00:00.000Z',
    );
    await lineBecomes(executionId, 'c', ({ state }) => state === 'planned');
    expect((await lineOf(executionId, 'a'))?.state).toBe('done');
    await command(couple, (trx, by) => migrateExecution(trx, by, executionId, 1));
    await lineBecomes(executionId, 'b', ({ scheduled_for }) => scheduled_for?.toISOString() === before);
    await eventually(
      'the step of the other version is gone',
      async () => (await lineOf(executionId, 'c')) === undefined,
    );
    expect(await mailsTo(world, couple.email)).toHaveLength(1);
    const none = await command(couple, (trx, by) => migrateExecution(trx, by, executionId, 9));
    expect(none).toMatchObject({ ok: false, code: 'no_such_version' });
  });

  test('a wording fix reaches every couple whose message has not gone, without another version of the journey', async () => {
    const couple = await booked(journey([step('a')]));
    const { organizationId } = couple.supplier;
    await world.db.query(
      `insert into app.communication_templates
         (organization_id, name, channel, version, subject_template, content_template, html_template)
       values ($1, 'reminder', 'email', 2, 'The right words', '<p>Dear</p>', '<p>Dear</p>')`,
      [organizationId],
    );
    await command(couple, (trx, by) => runStepNow(trx, by, couple.executionId, once));
    const [mail] = await mailsArrive(world, couple.email, 1);
    expect(mail?.subject).toBe('The right words');
    const [execution] = await world.db.query(
      `select v.version from app.journey_executions e join app.journey_versions v on v.id = e.journey_version_id where e.id = $1`,
      [couple.executionId],
    );
    expect(execution).toEqual({ version: 1 });
  });

  test('hold a channel: its messages wait in every execution, tasks go on; release lets them go', async () => {
    const couple = await booked(
      journey([step('a'), { key: 'call', type: 'task', title: 'Call', when: { anchor: 'wedding_date' } }, step('b')]),
    );
    const hold: HoldScope = { scope: 'channel', channel: 'email' };
    const by: Commander = { actor: 'user:somebody', now: `${new Date().toISOString().slice(0, 19)}Z` };
    const { organizationId } = couple.supplier;
    const inTenant = <T>(work: (trx: Trx) => Promise<T>): Promise<T> =>
      withTenant(world.db.api, { organizationId, actor: by.actor }, work);
    expect(await inTenant((trx) => holdScope(trx, by, hold, 'the template is wrong'))).toMatchObject({ changed: true });
    expect(await inTenant((trx) => holdScope(trx, by, hold, 'again'))).toMatchObject({ changed: false });
    await command(couple, (trx, one) => runStepNow(trx, one, couple.executionId, once));
    await command(couple, (trx, one) => runStepNow(trx, one, couple.executionId, { key: 'call', occurrence: 1 }));
    await lineBecomes(couple.executionId, 'call', ({ state }) => state === 'done');
    expect((await lineOf(couple.executionId, 'a'))?.state).toBe('held');
    await inTenant((trx) => releaseScope(trx, by, hold, 'send'));
    await mailsArrive(world, couple.email, 1);
    expect(await inTenant((trx) => releaseScope(trx, by, hold, 'send'))).toMatchObject({ code: 'not_paused' });
  });

  test('a hold calls back what is queued and has not left; released, it goes once', async () => {
    const couple = await booked(journey([step('a')]));
    await nextMailFails(world, { kind: 'defer', to: couple.email });
    await command(couple, (trx, by) => runStepNow(trx, by, couple.executionId, once));
    const queued = await eventually('it waits for another attempt', async () => {
      const [row] = await world.db.query<{ id: string }>(
        `select id from app.communications where execution_id = $1 and status = 'queued' and error_code is not null`,
        [couple.executionId],
      );
      return row?.id;
    });
    const { organizationId } = couple.supplier;
    const by: Commander = { actor: 'user:somebody', now: `${new Date().toISOString().slice(0, 19)}Z` };
    const inTenant = <T>(work: (trx: Trx) => Promise<T>): Promise<T> =>
      withTenant(world.db.api, { organizationId, actor: by.actor }, work);
    const hold: HoldScope = { scope: 'client', clientId: couple.clientId };
    const held = await inTenant((trx) => holdScope(trx, by, hold, 'the price is wrong'));
    expect(held).toMatchObject({ message: 'Held: the couple. Called back: 1 queued message.' });
    // A worker that had begun with it finds nothing to take.
    const tenant = { organizationId, actor: 'worker' };
    expect(await claimOutgoing(world.db.worker, tenant, queued, by.now)).toBe('lost');
    await world.db.query(
      `update app.journey_step_executions set next_attempt_at = date_trunc('second', now()) where execution_id = $1 and step_key = 'a'`,
      [couple.executionId],
    );
    await inTenant((trx) => releaseScope(trx, by, hold, 'send'));
    await mailsArrive(world, couple.email, 1);
    await lineBecomes(couple.executionId, 'a', ({ state }) => state === 'done');
    expect(await mailsTo(world, couple.email)).toHaveLength(1);
  });

  test('another wedding date: seen beforehand, saved, and taken back as long as nothing has gone out', async () => {
    const couple = await booked(journey([step('a'), step('b', { when: { anchor: 'journey_start' } })]));
    await mailsArrive(world, couple.email, 1);
    const { organizationId } = couple.supplier;
    const inTenant = <T>(work: (trx: Trx, by: Commander) => Promise<T>): Promise<T> => {
      const by: Commander = { actor: 'user:somebody', now: `${new Date().toISOString().slice(0, 19)}Z` };
      return withTenant(world.db.api, { organizationId, actor: by.actor }, (trx) => work(trx, by));
    };
    const wedding = { on: '2031-09-20' };
    const [preview] = await inTenant((trx, by) => previewWeddingDate(trx, couple.clientId, wedding, by.now));
    expect(preview?.change.counts).toMatchObject({ moves: 1 });
    expect(preview?.change.steps.find(({ key }) => key === 'a')?.after?.local).toBe('2031-09-13T09:00');
    expect((await lineOf(couple.executionId, 'a'))?.scheduled_for?.toISOString()).toBe('2030-06-08T08:00:00.000Z');

    expect(await inTenant((trx, by) => changeWeddingDate(trx, by, couple.clientId, wedding))).toMatchObject({
      ok: true,
    });
    const moved = '2031-09-13T08:00:00.000Z';
    await lineBecomes(couple.executionId, 'a', ({ scheduled_for }) => scheduled_for?.toISOString() === moved);
    const again = await inTenant((trx, by) => changeWeddingDate(trx, by, couple.clientId, wedding));
    expect(again).toMatchObject({ ok: false, code: 'no_change' });

    expect(await inTenant((trx, by) => undoWeddingDate(trx, by, couple.clientId))).toMatchObject({ ok: true });
    const back = '2030-06-08T08:00:00.000Z';
    await lineBecomes(couple.executionId, 'a', ({ scheduled_for }) => scheduled_for?.toISOString() === back);

    await inTenant((trx, by) => changeWeddingDate(trx, by, couple.clientId, wedding));
    await command(couple, (trx, by) => runStepNow(trx, by, couple.executionId, once));
    await mailsArrive(world, couple.email, 2);
    await lineBecomes(couple.executionId, 'a', ({ state }) => state === 'done');
    const late = await inTenant((trx, by) => undoWeddingDate(trx, by, couple.clientId));
    expect(late).toMatchObject({ ok: false, code: 'too_late' });
  });

  test('every command is written down with who gave it', async () => {
    const couple = await booked(journey([step('a')]));
    await command(couple, (trx, by) => pauseExecution(trx, by, couple.executionId, 'to look'));
    const trail = await world.db.query(`select kind, actor, summary from app.activities where execution_id = $1`, [
      couple.executionId,
    ]);
    expect(trail).toEqual([{ kind: 'execution.paused', actor: 'user:somebody', summary: 'Paused: to look' }]);
    const unknown = await command(couple, (trx, by) => pauseExecution(trx, by, randomUUID(), ''));
    expect(unknown).toMatchObject({ ok: false, code: 'not_found' });
  });
});
