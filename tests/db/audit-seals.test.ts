import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sealAudit, type Seal } from '../../services/maintain-database.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { undone } from './support/undone.ts';

let db: TestDatabase;
let sealed: Seal[][];

beforeAll(async () => {
  db = await createTestDatabase();
  await change('a');
  await change('b');
  sealed = [await seal()];
  await change('c');
  sealed.push(await seal());
});
afterAll(() => db.close());

/** One audited change. */
const change = (slug: string): Promise<unknown> =>
  db.query(`insert into app.organizations (name, slug) values ($1, $1)`, [slug]);

/** Transactions of other tests on this server hold a seal up too. */
async function seal(): Promise<Seal[]> {
  const { seals, pending } = await sealAudit(db.worker, 60_000);
  if (pending) throw new Error('a transaction stays open on this server');
  return seals;
}

const codes = async (): Promise<string[]> =>
  (await db.query<{ code: string }>(`select code from audit.verify()`)).map(({ code }) => code);

/** As somebody who owns the server and switches the guards off. */
const tamper = (statement: string): Promise<unknown> =>
  db.query(`set session_replication_role = replica; ${statement}; set session_replication_role = origin`);

describe('seals', () => {
  it('cover each row once, each seal on top of the one before', async () => {
    expect(sealed.map((seals) => seals.map(({ rowCount }) => rowCount))).toEqual([['2'], ['1']]);
    const chain = await db.query<{ previous: string | null; own: string }>(
      `select encode(previous_digest, 'hex') as previous, encode(chain_digest, 'hex') as own
         from audit.audit_seals order by seal_no`,
    );
    expect(chain[1]?.previous).toBe(chain[0]?.own);
    expect(sealed[0]?.[0]?.chainDigest).toBe(chain[0]?.own);
    expect(await codes()).toEqual([]);
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
    ['row_count', `drop table audit.audit_logs_standard`],
  ])('betray tampering as %s: %s', async (code, statement) => {
    const found = await undone(db, async () => {
      await tamper(statement);
      return codes();
    });
    expect(found).toContain(code);
  });

  it('cannot be removed', async () => {
    await expect(db.query(`delete from audit.audit_seals`)).rejects.toThrow(/never changed/);
  });

  it('wait for a transaction whose rows have lower numbers than rows already seen', async () => {
    const slow = new Client({ connectionString: db.adminUrl });
    await slow.connect();
    await slow.query('begin');
    await slow.query(`insert into app.organizations (name, slug) values ('slow', 'slow')`);
    await change('quick');
    expect(await sealAudit(db.worker, 0)).toEqual({ seals: [], pending: true });
    await slow.query('commit');
    await slow.end();
    expect(await seal()).toMatchObject([{ rowCount: '2' }]);
    expect(await codes()).toEqual([]);
  });

  it('stay valid when a month has come to its end and was dropped', async () => {
    await tamper(`
      create table audit.audit_logs_standard_y2020m01 partition of audit.audit_logs_standard
        for values from ('2020-01-01') to ('2020-02-01');
      alter table audit.audit_logs_standard_y2020m01 owner to app_owner;
      insert into audit.audit_logs (occurred_at, retention_class, actor, actor_type, table_name, action)
        values ('2020-01-10', 'standard', 'worker', 'worker', 'clients', 'insert')`);
    await change('now');
    expect(await seal()).toHaveLength(2);
    await db.query(`select * from ops.drop_expired_partitions()`);
    expect(await codes()).toEqual([]);
  });
});
