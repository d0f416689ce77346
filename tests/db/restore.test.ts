import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../cli/dev/postgres.ts';
import { copyDatabase } from '../../db/copy-database.ts';
import { migrateUp } from '../../db/migrate/migrate.ts';
import { sealAudit } from '../../services/maintain-database.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { oneRowOfEach } from './support/one-row-of-each.ts';
import { dumpAndRestore, findClientPrograms } from './support/pg-dump.ts';
import { CONTENT } from './support/table-content.ts';

/**
 * Two ways to a second database: `wedsync db copy`, always, and pg_dump of the same version where this machine has it.
 * The servers come from npm without client programs, and no package there has pg_dump 18; with PG_BIN it is tried here,
 * and with Debian's pg_dump 15 in postgres-15.test.ts.
 */
const programs = findClientPrograms(18);

let db: TestDatabase;
let folder: string;
let server: EmbeddedPostgres;
let restored: Client;

beforeAll(async () => {
  db = await createTestDatabase();
  for (const slug of ['first', 'second']) await oneRowOfEach(db, slug);
  await db.query(`update app.outbox set processed_at = now()`);
  // A month that a new database does not have, an instant with microseconds, and an integer JavaScript has not.
  await db.query(`select ops.create_month_partition('activities', '2026-01-01')`);
  await db.query(`insert into app.activities (organization_id, kind, actor, occurred_at)
    select id, 'old', 'test', '2026-01-10 12:00:00.123456Z' from app.organizations limit 1`);
  await db.query(`update app.communications set cost_micros = 9007199254740993`);
  await sealAudit(db.worker, 30_000);
  await db.query(`insert into app.organizations (name, slug) values ('Not sealed', 'not-sealed')`);

  folder = await mkdtemp('/tmp/wedsync-restore-');
  server = await startEmbeddedPostgres({ folder: join(folder, 'server'), durable: false });
  await migrateUp({ adminUrl: server.adminUrl });
  await copyDatabase({ fromUrl: db.adminUrl, toUrl: server.adminUrl });
  restored = new Client({ connectionString: server.adminUrl });
  await restored.connect();
});
afterAll(async () => {
  await restored.end();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
  await db.close();
});

const ask = async (text: string): Promise<unknown[]> => (await restored.query(text)).rows;

describe('a copy in a new server', () => {
  it('has every row of every table as it was', async () => {
    const original = await db.query(`set timezone = 'UTC'; select 1`).then(() => db.query(CONTENT));
    await restored.query(`set timezone = 'UTC'`);
    expect(original.length).toBeGreaterThan(60);
    expect(await ask(CONTENT)).toEqual(original);
  });

  it('contradicts itself nowhere: references, row security, audit and its seals', async () => {
    const findings = await ask(`select check_name, subject from ops.verify_data_integrity()
      where check_name <> 'steps_differ_from_definition'`);
    expect(findings).toEqual([]);
  });

  it('goes on as the original would: numbers, events, audit, seals', async () => {
    await ask(`insert into app.clients (organization_id, partner_1_name, status)
      select id, 'New', 'booked' from app.organizations where slug = 'first'`);
    const [told] = await ask(`select count(*) from app.outbox where processed_at is null and event = 'client.booked'`);
    expect(told).toEqual({ count: '1' });
    await ask(`select audit.mark()`);
    const sealed = await ask(`select seal_no from audit.seal()`);
    expect(sealed.length).toBeGreaterThan(0);
    expect(await ask(`select * from audit.verify()`)).toEqual([]);
  });

  it('is refused where something is already', async () => {
    await expect(copyDatabase({ fromUrl: db.adminUrl, toUrl: server.adminUrl })).rejects.toMatchObject({
      code: 'not_empty',
    });
  });
});

describe.skipIf(programs === null)('a dump by pg_dump 18 (skipped where this machine has none: set PG_BIN)', () => {
  it('restores whole into a new server', async () => {
    const other = await startEmbeddedPostgres({ folder: join(folder, 'dumped'), durable: false });
    const client = new Client({ connectionString: other.adminUrl });
    try {
      await dumpAndRestore(programs ?? '', { fromUrl: db.adminUrl, toUrl: other.adminUrl, folder });
      await client.connect();
      await client.query(`set timezone = 'UTC'`);
      await db.query(`set timezone = 'UTC'`);
      expect((await client.query(CONTENT)).rows).toEqual(await db.query(CONTENT));
      const findings = await client.query(`select check_name, subject from ops.verify_data_integrity()
        where check_name <> 'steps_differ_from_definition'`);
      expect(findings.rows).toEqual([]);
      expect((await client.query(`select * from audit.verify()`)).rows).toEqual([]);
    } finally {
      await client.end();
      await other.stop();
    }
  });
});
