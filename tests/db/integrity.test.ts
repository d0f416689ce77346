import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { oneRowOfEach } from './support/one-row-of-each.ts';
import { undone } from './support/undone.ts';

let db: TestDatabase;
let organization: string;

beforeAll(async () => {
  db = await createTestDatabase();
  organization = await oneRowOfEach(db, 'whole');
  await db.query(`update app.outbox set processed_at = now()`);
});
afterAll(() => db.close());

const findings = async (): Promise<string[]> =>
  (
    await db.query<{ check_name: string }>(`select distinct check_name from ops.verify_data_integrity() order by 1`)
  ).map((row) => row.check_name);

/** As somebody who owns the server and switches the guards off. */
const past = (statement: string): string =>
  `set session_replication_role = replica; ${statement}; set session_replication_role = origin`;

describe('verify_data_integrity', () => {
  it('finds nothing where nothing contradicts itself', async () => {
    const rows = await db.query(
      `select * from ops.verify_data_integrity() where check_name <> 'steps_differ_from_definition'`,
    );
    expect(rows).toEqual([]);
  });

  it.each([
    ['foreign_key', past(`delete from app.clients`)],
    ['row_security_missing', `alter table app.tasks no force row level security`],
    ['row_security_missing', `drop policy owner_all on app.tasks`],
    ['audit_missing', `alter table app.clients disable trigger audit_update`],
    ['audit_missing', `alter table app.clients add column unseen text`],
    ['unchecked_constraint', `alter table app.clients add constraint later check (guest_count < 1000000) not valid`],
    ['payment_without_history', past(`update app.payments set status = 'failed'`)],
    ['event_waits', `update app.outbox set processed_at = null, available_at = now() - interval '2 minutes'`],
    [
      'sending_too_long',
      `update app.communications set direction = 'outbound', status = 'sending', send_claimed_at = now() - interval '1 hour'`,
    ],
    ['sent_without_time', `update app.communications set direction = 'outbound', status = 'sent', sent_at = null`],
    [
      'active_without_plan',
      `update app.journey_executions set status = 'active', completed_at = null, planned_at = null,
         created_at = now() - interval '2 hours'`,
    ],
    [
      'ended_with_open_steps',
      `update app.journey_executions set status = 'completed', completed_at = now();
       update app.journey_step_executions set state = 'planned', ended_at = null`,
    ],
    [
      'steps_differ_from_definition',
      past(`update app.journey_versions set definition = '{"steps": [{}, {}, {}, {}, {}, {}, {}]}'`),
    ],
  ])('finds %s after: %s', async (check, statement) => {
    const found = await undone(db, async () => {
      await db.query(statement);
      return findings();
    });
    expect(found).toContain(check);
  });

  it('finds a sealed audit row that was changed', async () => {
    await db.query(`select audit.mark()`);
    // Transactions of other tests on this server hold a seal up.
    await expect.poll(() => db.query(`select from audit.seal()`), { timeout: 30_000 }).not.toEqual([]);
    const found = await undone(db, async () => {
      await db.query(past(`update audit.audit_logs set actor = 'user:someone-else'`));
      return findings();
    });
    expect(found).toContain('audit');
  });
});

describe('names of other documents', () => {
  it('show the same rows, only those of the reader, and can not be written', async () => {
    const other = await oneRowOfEach(db, 'other');
    const views = await db.query<{ name: string }>(
      `select table_name as name from information_schema.views where table_schema = 'compat' order by 1`,
    );
    expect(views.length).toBeGreaterThan(20);
    const reader = new Client({ connectionString: db.urlOf('app_readonly') });
    await reader.connect();
    await reader.query(`select set_config('app.organization_id', $1, false)`, [organization]);
    const seen: string[] = [];
    for (const { name } of views) {
      const { rows } = await reader.query<{ strangers: string }>(
        `select count(*) filter (where to_jsonb(v) ->> 'organization_id' = $1) as strangers from compat.${name} v`,
        [other],
      );
      seen.push(`${name} ${rows[0]?.strangers ?? '?'}`);
    }
    await reader.end();
    expect(seen).toEqual(views.map(({ name }) => `${name} 0`));
    const [grants] = await db.query<{ n: string }>(
      `select count(*) as n from information_schema.role_table_grants
        where table_schema = 'compat' and privilege_type <> 'SELECT' and grantee <> 'app_owner'`,
    );
    expect(grants).toEqual({ n: '0' });
  });
});
