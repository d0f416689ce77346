import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

interface Finding {
  seal_no: string | null;
  code: string;
}

let db: TestDatabase;

beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db.close());

/** One audited change. */
const change = (slug: string): Promise<unknown> =>
  db.query(`insert into app.organizations (name, slug) values ($1, $1)`, [slug]);

/** Transactions of other tests on this server also hold a seal up: asked again until the mark is settled. */
async function seal(): Promise<{ row_count: string }[]> {
  await db.query(`select audit.mark()`);
  for (;;) {
    const seals = await db.query<{ row_count: string }>(`select * from audit.seal()`);
    const [open] = await db.query(`select from audit.seal_mark where marked_to is not null`);
    if (open === undefined) return seals;
  }
}

const verify = (): Promise<Finding[]> => db.query<Finding>(`select seal_no, code from audit.verify()`);

/** As somebody who owns the server and switches the guards off. */
const tamper = (statement: string): Promise<unknown> =>
  db.query(`set session_replication_role = replica; ${statement}; set session_replication_role = origin`);

describe('seals', () => {
  it('cover each row once, each seal on top of the one before', async () => {
    await change('a');
    await change('b');
    expect(await seal()).toMatchObject([{ row_count: '2' }]);
    await change('c');
    expect(await seal()).toMatchObject([{ row_count: '1' }]);
    expect(await seal()).toEqual([]);
    const seals = await db.query<{ chain_digest: Buffer; previous_digest: Buffer | null }>(
      `select * from audit.audit_seals order by seal_no`,
    );
    expect(seals[1]?.previous_digest).toEqual(seals[0]?.chain_digest);
    expect(await verify()).toEqual([]);
  });

  it.each([
    ['row_changed', `update audit.audit_logs set actor = 'user:someone-else' where record_id is not null`],
    ['row_count', `delete from audit.audit_logs where id = (select min(id) from audit.audit_logs)`],
    ['chain_broken', `update audit.audit_seals set row_count = row_count + 1 where seal_no = 1`],
    ['chain_broken', `delete from audit.audit_seals where seal_no = 1`],
    [
      'unsealed_row',
      `insert into audit.audit_logs (id, retention_class, actor, actor_type, table_name, action) overriding system value
         values (1, 'financial', 'worker', 'worker', 'payments', 'insert')`,
    ],
  ])('betray tampering as %s: %s', async (code, statement) => {
    await change('a');
    await seal();
    await change('b');
    await seal();
    await tamper(statement);
    expect((await verify()).map((finding) => finding.code)).toContain(code);
  });

  it('wait for a transaction whose rows have lower numbers than rows already seen', async () => {
    const slow = new Client({ connectionString: db.adminUrl });
    await slow.connect();
    await slow.query('begin');
    await slow.query(`insert into app.organizations (name, slug) values ('slow', 'slow')`);
    await change('quick');
    await db.query(`select audit.mark()`);
    expect(await db.query(`select * from audit.seal()`)).toEqual([]);
    await slow.query('commit');
    await slow.end();
    expect(await seal()).toMatchObject([{ row_count: '2' }]);
    expect(await verify()).toEqual([]);
  });

  it('cannot be removed', async () => {
    await change('a');
    await seal();
    await expect(db.query(`delete from audit.audit_seals`)).rejects.toThrow(/never changed/);
  });

  it('stay valid when a month has come to its end and was dropped', async () => {
    await tamper(`
      create table audit.audit_logs_standard_y2020m01 partition of audit.audit_logs_standard
        for values from ('2020-01-01') to ('2020-02-01');
      insert into audit.audit_logs (occurred_at, retention_class, actor, actor_type, table_name, action)
        values ('2020-01-10', 'standard', 'worker', 'worker', 'clients', 'insert')`);
    await change('now');
    expect(await seal()).toHaveLength(2);
    await db.query(`select * from ops.drop_expired_partitions()`);
    expect(await verify()).toEqual([]);
  });

  it('betray a month that was removed before its time', async () => {
    await change('now');
    await seal();
    await db.query(`drop table audit.audit_logs_standard`);
    expect((await verify()).map((finding) => finding.code)).toEqual(['row_count']);
  });
});
