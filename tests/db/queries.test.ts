// What the pages ask: every question with a known answer, on a database that holds the same of somebody else.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { couplePage } from '../../db/queries/couple-page.ts';
import { dashboard } from '../../db/queries/dashboard.ts';
import { dueNext } from '../../db/queries/due-next.ts';
import { journeyProgress } from '../../db/queries/journey-progress.ts';
import { messageLog } from '../../db/queries/message-log.ts';
import { searchClients } from '../../db/queries/search-clients.ts';
import { today } from '../../db/queries/today.ts';
import { withTenant, type Trx } from '../../db/tenant.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { oneRowOfEach } from './support/one-row-of-each.ts';

let db: TestDatabase;
let organizationId: string;
let clientId: string;
let journeyId: string;

const FROM = new Date('2027-03-01T00:00:00Z');
const UNTIL = new Date('2027-03-02T00:00:00Z');

beforeAll(async () => {
  db = await createTestDatabase();
  organizationId = await oneRowOfEach(db, 'own');
  await oneRowOfEach(db, 'other');
  await db.query(`update app.journey_step_executions set state = 'planned', due_at = '2027-03-01T09:00Z',
    scheduled_for = '2027-03-01T09:00Z', local_time = '2027-03-01T09:00', time_zone = 'Europe/London'`);
  await db.query(`
    insert into app.journey_step_executions (organization_id, execution_id, step_key, step_type, state, due_at, ended_at, reason)
      select organization_id, id, step_key, 'email', state, '2027-02-01T09:00Z', ended_at::timestamptz, reason::jsonb
        from app.journey_executions, (values
          ('first', 'done', '2027-02-01T09:00Z', '{"code":"done"}'),
          ('lost', 'unknown', '2027-02-01T09:00Z', '{"code":"unknown"}'),
          ('broken', 'failed', '2027-02-01T09:00Z', '{"code":"failed"}'),
          ('past', 'waiting', null, '{"code":"needs_answer"}')) s (step_key, state, ended_at, reason)`);
  await db.query(`update app.journey_executions set blocked = true`);
  await db.query(`update app.tasks set due_at = '2027-03-01T12:00Z'`);
  const [ids] = await db.query<{ client: string; journey: string }>(
    `select (select id from app.clients where organization_id = $1) as client,
            (select id from app.journeys where organization_id = $1) as journey`,
    [organizationId],
  );
  ({ client: clientId, journey: journeyId } = ids ?? { client: '', journey: '' });
});
afterAll(() => db.close());

const ask = <T>(question: (trx: Trx) => Promise<T>): Promise<T> =>
  withTenant(db.worker, { organizationId, actor: 'test' }, question);

describe('the questions of the pages', () => {
  it('today: what is due, waits for an OK or an answer, is to be done, went wrong', async () => {
    expect(await ask((trx) => today(trx, FROM, UNTIL))).toEqual({
      due: 1,
      approvals: 1,
      tasks: 1,
      trouble: 2,
      questions: 1,
    });
    expect(await ask((trx) => today(trx, UNTIL, UNTIL))).toMatchObject({ due: 0 });
  });

  it('due next: the earliest first, as many as asked for', async () => {
    expect(await ask((trx) => dueNext(trx, { from: FROM, limit: 50 }))).toMatchObject([
      { clientId, couple: 'own', journey: 'own', stepKey: 'welcome', local: '2027-03-01T09:00', zone: 'Europe/London' },
    ]);
    expect(await ask((trx) => dueNext(trx, { from: UNTIL, limit: 50 }))).toEqual([]);
    expect(await ask((trx) => dueNext(trx, { from: FROM, until: UNTIL, limit: 0 }))).toEqual([]);
  });

  it('journey progress: every step with what became of it', async () => {
    const progress = await ask((trx) => journeyProgress(trx, journeyId));
    expect(progress.toSorted((a, b) => a.stepKey.localeCompare(b.stepKey))).toEqual([
      { stepKey: 'broken', done: 0, skipped: 0, failed: 1, open: 0 },
      { stepKey: 'first', done: 1, skipped: 0, failed: 0, open: 0 },
      { stepKey: 'lost', done: 0, skipped: 0, failed: 1, open: 0 },
      { stepKey: 'past', done: 0, skipped: 0, failed: 0, open: 1 },
      { stepKey: 'welcome', done: 0, skipped: 0, failed: 0, open: 1 },
    ]);
  });

  it('couple page: everything of the couple, and nothing of anybody else', async () => {
    expect(await ask((trx) => couplePage(trx, clientId))).toMatchObject({
      client: { clientId, couple: 'own', status: 'booked', weddingOn: '2027-06-12' },
      contacts: [{ type: 'email', value: 'own@example.org', isPrimary: true }],
      journeys: [{ journey: 'own', status: 'active' }],
      upcoming: [{ stepKey: 'welcome' }, { stepKey: 'past' }],
      messages: [{ type: 'email' }],
      payments: [{ amount: 100, dueOn: '2027-05-12' }],
      openTasks: [{ title: 'Call', dueAt: '2027-03-01T12:00:00Z' }],
    });
    const [other] = await db.query<{ id: string }>(`select id from app.clients where organization_id <> $1`, [
      organizationId,
    ]);
    expect(await ask((trx) => couplePage(trx, other?.id ?? ''))).toBeNull();
  });

  it('message log: pages without a gap, also between messages of the same instant', async () => {
    await db.query(`insert into app.communications (organization_id, client_id, idempotency_key, type, recipient)
      select organization_id, id, 'log/' || n, 'email', 'own@example.org' from app.clients, generate_series(1, 4) n`);
    const seen: string[] = [];
    for (let after: string | undefined; ; after = seen.at(-1)) {
      const page = await ask((trx) => messageLog(trx, { limit: 2, ...(after === undefined ? {} : { after }) }));
      seen.push(...page.map(({ communicationId }) => communicationId));
      if (page.length < 2) break;
    }
    const all = await db.query<{ id: string }>(
      `select id from app.communications where organization_id = $1 order by created_at desc, id desc`,
      [organizationId],
    );
    expect(seen).toEqual(all.map(({ id }) => id));
    expect(seen).toHaveLength(5);
  });

  it('dashboard and search by name', async () => {
    expect(await ask((trx) => dashboard(trx))).toMatchObject({ organization_id: organizationId, booked: '1' });
    expect(await ask((trx) => searchClients(trx, 'OW'))).toMatchObject([{ clientId, weddingOn: '2027-06-12' }]);
    expect(await ask((trx) => searchClients(trx, '%'))).toEqual([]);
  });
});
