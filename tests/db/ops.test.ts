import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { undone } from './support/undone.ts';

let db: TestDatabase;
let ids: { organization: string; client: string };

beforeAll(async () => {
  db = await createTestDatabase();
  const [row] = await db.query<{ organization: string; client: string }>(`
    with o as (insert into app.organizations (name, slug, max_clients) values ('A', 'a', 10) returning id),
         c as (insert into app.clients (organization_id, partner_1_name, wedding_date, status, wedding_timezone)
               select id, 'A', '2027-06-12', 'booked', 'Australia/Sydney' from o returning id, organization_id)
    select c.organization_id as organization, c.id as client from c`);
  if (row === undefined) throw new Error('nothing was created');
  ids = row;
  await db.query(`update app.outbox set processed_at = now()`);
});
afterAll(() => db.close());

/** As the role that is meant to look, so that its rights are tried too. */
async function asOps<Row extends object>(text: string): Promise<Row[]> {
  await db.query('set role app_ops');
  try {
    return await db.query<Row>(text);
  } finally {
    await db.query('reset role');
  }
}

const stateOf = async (check: string): Promise<string | undefined> =>
  (await db.query<{ state: string }>(`select state from ops.health_checks() where check_name = $1`, [check]))[0]?.state;

const newExecution = (columns: string, values: string): Promise<unknown> =>
  db.query(
    `with j as (insert into app.journeys (organization_id, name) values ($1, 'J') returning id),
          v as (insert into app.journey_versions (organization_id, journey_id, version, definition, definition_sha256)
                select $1, id, 1, '{}', sha256('') from j returning id, journey_id)
     insert into app.journey_executions (organization_id, journey_id, journey_version_id, client_id, trigger_event, ${columns})
     select $1, journey_id, id, $2, 'manual', ${values} from v`,
    [ids.organization, ids.client],
  );

const newCommunication = (columns: string, values: string): Promise<unknown> =>
  db.query(
    `insert into app.communications (organization_id, client_id, idempotency_key, type, ${columns})
     values ($1, $2, gen_random_uuid()::text, 'email', ${values})`,
    [ids.organization, ids.client],
  );

describe('get_database_health', () => {
  it('calls a new database healthy, and says what it does not know', async () => {
    const [row] = await asOps<{ health: { status: string; unknown: string[] } }>(
      `select ops.get_database_health() as health`,
    );
    expect(row?.health).toMatchObject({ status: 'healthy', unknown: ['backups'] });
  });

  const NOTICED: readonly [check: string, state: string, arrange: () => Promise<unknown>][] = [
    [
      'migrations',
      'critical',
      () => db.query(`insert into ops.migration_runs (name, direction, status) values ('broken', 'up', 'failed')`),
    ],
    [
      'migrations',
      'critical',
      () =>
        db.query(`insert into ops.migration_runs (name, direction, status, started_at)
          values ('stuck', 'up', 'running', now() - interval '31 minutes')`),
    ],
    [
      'partitions',
      'critical',
      async () => {
        const months = await db.query<{ name: string }>(
          `select relname as name from pg_class where relispartition and relkind = 'r' and relname like 'activities\\_y%'
            and ops.month_of_partition(relname) > now()`,
        );
        await db.query(`drop table ${months.map(({ name }) => `app.${name}`).join(', ')}`);
      },
    ],
    [
      'outbox',
      'warning',
      () => db.query(`update app.outbox set processed_at = null, available_at = now() - interval '2 minutes'`),
    ],
    ['outbox_parked', 'critical', () => db.query(`update app.outbox set processed_at = null, parked_at = now()`)],
    [
      'overdue_executions',
      'critical',
      () => newExecution('status, next_action_at', `'active', now() - interval '6 minutes'`),
    ],
    [
      'sending',
      'warning',
      () => newCommunication('status, send_claimed_at', `'sending', now() - interval '16 minutes'`),
    ],
    [
      'audit_seals',
      'warning',
      () =>
        db.query(`insert into audit.audit_logs (occurred_at, retention_class, actor, actor_type, table_name, action)
          values (now() - interval '27 hours', 'standard', 'worker', 'worker', 'clients', 'insert')`),
    ],
    [
      'backups',
      'critical',
      () =>
        db.query(`insert into ops.backup_status_log (started_at, finished_at, status)
          values (now() - interval '27 hours', now(), 'succeeded')`),
    ],
    [
      'broken_indexes',
      'warning',
      () => db.query(`update pg_index set indisvalid = false where indexrelid = 'app.holds_open_idx'::regclass`),
    ],
    [
      'refused_writes',
      'warning',
      () =>
        db.query(`insert into app.security_events (organization_id, kind) values ($1, 'row_security.refused')`, [
          ids.organization,
        ]),
    ],
    [
      'connections',
      'warning',
      () => db.query(`update ops.thresholds set warning = 0 where check_name = 'connections'`),
    ],
    [
      'transaction_ids',
      'critical',
      () => db.query(`update ops.thresholds set warning = 0, critical = 0 where check_name = 'transaction_ids'`),
    ],
  ];
  it.each(NOTICED)('notices: %s is %s', async (check, state, arrange) => {
    const [before, after] = await undone(db, async () => {
      const before = await stateOf(check);
      await arrange();
      return [before, await stateOf(check)];
    });
    expect(before).not.toBe(state);
    expect(after).toBe(state);
  });

  it('notices a transaction that is left open, one that waits for its lock, and a statement that takes long', async () => {
    const thresholds = await db.query<{ check_name: string; warning: string }>(`select * from ops.thresholds`);
    await db.query(`update ops.thresholds set warning = case check_name when 'lock_waiters' then 1 else 0.001 end
      where check_name in ('idle_in_transaction', 'oldest_transaction', 'lock_waiters', 'running_statement')`);
    const [open, waiting] = [db.adminUrl, db.urlOf('app_worker')].map((url) => new Client({ connectionString: url }));
    if (open === undefined || waiting === undefined) throw new Error('two connections are needed');
    await Promise.all([open.connect(), waiting.connect()]);
    await open.query(`begin; lock table app.journeys in access exclusive mode`);
    const blocked = waiting.query(`begin; set local lock_timeout = 0; select from app.journeys`);
    await expect
      .poll(() =>
        asOps(
          `select check_name, state from ops.health_checks() where state <> 'ok' and check_name <> 'backups' order by 1`,
        ),
      )
      .toEqual(
        ['idle_in_transaction', 'lock_waiters', 'oldest_transaction', 'running_statement'].map((check_name) => ({
          check_name,
          state: 'warning',
        })),
      );
    await open.query('rollback');
    await blocked;
    await Promise.all([open.end(), waiting.end()]);
    for (const { check_name, warning } of thresholds) {
      await db.query(`update ops.thresholds set warning = $2 where check_name = $1`, [check_name, warning]);
    }
  });
});

describe('check_system_alerts', () => {
  /** Without slow statements, which a busy machine may really have. */
  const alerts = () =>
    asOps<{ id: string; code: string; severity: string }>(
      `select id, code, severity from ops.check_system_alerts() where code <> 'slow_statement'`,
    );

  it('opens an alert once for as long as it lasts, and closes it when it is gone', async () => {
    expect(await alerts()).toEqual([]);
    await db.query(`update app.outbox set processed_at = null, parked_at = now()`);
    const first = await alerts();
    expect(first).toMatchObject([{ code: 'outbox_parked', severity: 'critical' }]);
    expect(await alerts()).toEqual(first);
    await db.query(`update app.outbox set parked_at = null, processed_at = now()`);
    expect(await alerts()).toEqual([]);
    const [kept] = await db.query<{ closed: boolean }>(`select closed_at is not null as closed from ops.alerts`);
    expect(kept).toEqual({ closed: true });
  });

  it('tells which tables have grown large, as something to know and not as an incident', async () => {
    const open = await undone(db, async () => {
      await db.query(
        `update ops.thresholds set warning = 400000, critical = 100000000 where check_name = 'large_table'`,
      );
      return alerts();
    });
    expect(new Set(open.map(({ code, severity }) => `${code} ${severity}`))).toEqual(new Set(['large_table info']));
  });

  it('tells which organization has reached a limit', async () => {
    const open = await undone(db, async () => {
      await db.query(`update app.organizations set max_clients = 1`);
      return alerts();
    });
    expect(open).toMatchObject([{ code: 'limit_reached', severity: 'info' }]);
  });
});

describe('statistics', () => {
  it('get_table_sizes adds the partitions of a log to one line', async () => {
    const rows = await asOps<{ table_name: string; partitions: string }>(
      `select * from ops.get_table_sizes() where table_name like 'app.activities%'`,
    );
    expect(rows).toMatchObject([{ table_name: 'app.activities', partitions: '5' }]);
  });

  it('get_index_usage_stats tells an unused index from one that keeps values unique', async () => {
    const rows = await asOps<{ index_name: string; remark: string | null }>(
      `select index_name, remark from ops.get_index_usage_stats() where index_name in ('organizations_slug_key', 'holds_open_idx')`,
    );
    const remarks = Object.fromEntries(rows.map((row) => [row.index_name, row.remark]));
    expect(remarks['organizations_slug_key']).toContain('keeps values unique');
    expect(remarks['holds_open_idx']).toContain('a replica counts for itself');
  });

  it('get_resource_usage_by_supplier compares what is used with what is allowed', async () => {
    const rows =
      await asOps(`select resource, used, allowed, percent from ops.get_resource_usage_by_supplier('${ids.organization}')
      where resource in ('clients', 'users')`);
    expect(rows).toEqual([
      { resource: 'clients', used: '1', allowed: 10, percent: '10.0' },
      { resource: 'users', used: '0', allowed: null, percent: null },
    ]);
  });

  it('wedding_platform_metrics are as old as they say', async () => {
    const read = () =>
      asOps<{ value: string; as_of: Date }>(
        `select * from ops.wedding_platform_metrics where metric = 'organizations'`,
      );
    await asOps(`select ops.refresh_metrics()`);
    const [before] = await read();
    await db.query(`insert into app.organizations (name, slug) values ('B', 'b')`);
    expect(await read()).toEqual([before]);
    await asOps(`select ops.refresh_metrics()`);
    expect(Number((await read())[0]?.value)).toBe(Number(before?.value) + 1);
  });

  it('daily_stats count a day, and counting it again changes nothing', async () => {
    const collect = () => asOps(`select ops.collect_daily_stats((now() at time zone 'UTC')::date)`);
    const stats = () => asOps(`select metric, value from ops.daily_stats order by 1`);
    await collect();
    await collect();
    expect(await stats()).toEqual([{ metric: 'couples_added', value: '1' }]);
  });

  it('compat.api_usage_stats keeps what other programs called when the events themselves are gone', async () => {
    await undone(db, async () => {
      await db.query(
        `insert into app.webhook_events (organization_id, source_system, external_event_id, payload, status)
         values ($1, 'stripe', 'evt_1', '{}', 'processed'), ($1, 'stripe', 'evt_2', '{}', 'failed'),
                ($1, 'crm', 'deal 7', '{}', 'processed'), (null, 'stripe', 'evt_3', '{}', 'failed')`,
        [ids.organization],
      );
      await asOps(`select ops.collect_daily_stats((now() at time zone 'UTC')::date)`);
      await db.query(`delete from app.webhook_events`);
      expect(await db.query(`select metric, value from compat.api_usage_stats order by 1`)).toEqual([
        { metric: 'inbound_calls_crm', value: '1' },
        { metric: 'inbound_calls_stripe', value: '2' },
        { metric: 'inbound_failed_stripe', value: '1' },
      ]);
    });
  });

  it('database_performance_summary says what each number means', async () => {
    const rows = await asOps<{ metric: string }>(`select * from ops.database_performance_summary`);
    expect(rows.map((row) => row.metric)).toContain('cache_hits');
  });
});

describe('saturday_freeze', () => {
  const frozen = async (at: string): Promise<boolean | undefined> =>
    (await asOps<{ frozen: boolean }>(`select ops.saturday_freeze('${at}') as frozen`))[0]?.frozen;

  it('lasts while it is the Saturday of a wedding where the wedding is', async () => {
    // 12 June 2027 is a Saturday; in Sydney it begins at 14:00 UTC of the day before.
    expect(await frozen('2027-06-11T13:59:59Z')).toBe(false);
    expect(await frozen('2027-06-11T14:00:00Z')).toBe(true);
    expect(await frozen('2027-06-12T13:59:59Z')).toBe(true);
    expect(await frozen('2027-06-12T14:00:00Z')).toBe(false);
  });

  it('is not for weddings on other days, called off, or postponed', async () => {
    const on = (change: string, at: string): Promise<boolean | undefined> =>
      undone(db, async () => {
        await db.query(`update app.clients set ${change}`);
        return frozen(at);
      });
    expect(await on(`wedding_date = '2027-06-13'`, '2027-06-13T05:00:00Z')).toBe(false);
    expect(await on(`status = 'cancelled'`, '2027-06-12T05:00:00Z')).toBe(false);
    expect(await on(`postponed_at = now()`, '2027-06-12T05:00:00Z')).toBe(false);
    expect(await on(`status = 'married'`, '2027-06-12T05:00:00Z')).toBe(true);
  });

  it('and announced maintenance are known to every program', async () => {
    await asOps(`insert into ops.maintenance_windows (starts_at, ends_at, reason)
      values (now() - interval '1 minute', now() + interval '1 hour', 'new disks')`);
    const client = new Client({ connectionString: db.urls.worker });
    await client.connect();
    const { rows } = await client.query(
      `select ops.in_maintenance() as now, ops.in_maintenance(now() + interval '2 hours') as later`,
    );
    await client.end();
    expect(rows).toEqual([{ now: true, later: false }]);
  });
});
