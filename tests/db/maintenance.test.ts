import { afterAll, beforeAll, expect, it } from 'vitest';

import { maintainDatabase } from '../../services/maintain-database.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { oneRowOfEach } from './support/one-row-of-each.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const WAIT = { sealWaitMs: 30_000 };

it('the upkeep, with the rights of the worker, makes and drops months, empties queues, erases, retains and seals', async () => {
  const organization = await oneRowOfEach(db, 'kept-up');
  await db.query(`set session_replication_role = replica;
    create table audit.audit_logs_standard_y2024m01 partition of audit.audit_logs_standard for values from ('2024-01-01') to ('2024-02-01');
    create table audit.audit_logs_financial_y2024m01 partition of audit.audit_logs_financial for values from ('2024-01-01') to ('2024-02-01');
    alter table audit.audit_logs_standard_y2024m01 owner to app_owner;
    alter table audit.audit_logs_financial_y2024m01 owner to app_owner;
    set session_replication_role = origin`);
  await db.query(`select ops.create_month_partition('activities', '2024-01-01')`);
  const [next] = await db.query<{ name: string }>(
    `select 'app.activities_y' || to_char(now() at time zone 'UTC' + interval '2 months', 'YYYY"m"MM') as name`,
  );
  await db.query(`drop table ${next?.name ?? ''}`);
  await db.query(`update app.outbox set processed_at = now() - interval '25 hours'`);
  await db.query(`update app.idempotency_keys set expires_at = now() - interval '1 hour'`);
  await db.query(`update app.data_retention_policies set keep_days = 90`);
  await db.query(`update app.clients set deleted_at = now() - interval '91 days'`);
  await db.query(`update app.form_submissions set created_at = now() - interval '40 days'`);
  await db.query(
    `insert into app.data_retention_policies (organization_id, table_name, keep_days, action) values ($1, 'form_submissions', 30, 'delete')`,
    [organization],
  );

  const report = await maintainDatabase(db.worker, WAIT);

  expect(report).toMatchObject({
    partitionsCreated: 1,
    // Financial rows of the same month stay for seven years.
    partitionsDropped: ['app.activities_y2024m01', 'audit.audit_logs_standard_y2024m01'],
    deleted: { idempotency_keys: 1 },
    clientsPurged: 1,
    deletionsFinished: 0,
    sealPending: false,
  });
  expect(report.deleted['outbox']).toBeGreaterThan(0);
  expect(report.seals.map(({ retentionClass }) => retentionClass).toSorted()).toEqual(['financial', 'standard']);
  const [left] = await db.query(
    `select (select partner_1_name from app.clients) as name, (select count(*) from ops.daily_stats) >= 0 as counted,
            (select count(*) from app.idempotency_keys) as keys`,
  );
  expect(left).toEqual({ name: 'Deleted', counted: true, keys: '0' });
});

it('done again ends the request for what is erased by now, and then finds nothing to do', async () => {
  const nothing = { partitionsCreated: 0, partitionsDropped: [], retention: [], clientsPurged: 0 };
  expect(await maintainDatabase(db.worker, WAIT)).toMatchObject({ ...nothing, deletionsFinished: 1 });
  expect(await maintainDatabase(db.worker, WAIT)).toMatchObject({ ...nothing, deletionsFinished: 0 });
  expect((await maintainDatabase(db.worker, WAIT)).seals).toEqual([]);
});

it('a month with rows in it is not dropped before its time', async () => {
  await db.query(`select ops.create_month_partition('communication_events', (now() - interval '6 months')::date)`);
  expect((await maintainDatabase(db.worker, WAIT)).partitionsDropped).toEqual([]);
});
