// The oldest server we support has the same schema, the same rules and the same answers.

import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { generateTypes } from '../../cli/dev/generate-types.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../cli/dev/postgres.ts';
import { loadExecution } from '../../db/load-execution.ts';
import { openDatabase, type Database } from '../../db/database.ts';
import { migrateDown, migrateUp } from '../../db/migrate/migrate.ts';
import { migrations } from '../../db/migrations/index.ts';
import { roleUrl } from '../../db/roles.ts';
import { withTenant } from '../../db/tenant.ts';
import { RULES, type Ask } from './support/catalogue-rules.ts';
import { ONE_ROW_OF_EACH } from './support/one-row-of-each.ts';
import { dumpAndRestore, findClientPrograms } from './support/pg-dump.ts';
import { policiesAreAsTheyShould } from './support/policy-rules.ts';
import { CONTENT } from './support/table-content.ts';

const programs = findClientPrograms(15);

let folder: string;
let server: EmbeddedPostgres;
let client: Client;
let api: Database;

beforeAll(async () => {
  folder = await mkdtemp('/tmp/wedsync-postgres-15-');
  await chmod(folder, 0o755);
  server = await startEmbeddedPostgres({ folder: join(folder, 'server'), version: 15, durable: false });
  await migrateUp({ adminUrl: server.adminUrl, passwords: { app_api: 'test' } });
  client = new Client({ connectionString: server.adminUrl });
  await client.connect();
  api = openDatabase({ url: roleUrl(server.adminUrl, 'app_api', 'test'), poolSize: 2 });
});
afterAll(async () => {
  await api.close();
  await client.end();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const ask: Ask = async <Row extends object>(text: string, values: readonly unknown[] = []) =>
  (await client.query<Row>(text, [...values])).rows;

describe('PostgreSQL 15', () => {
  it('is what runs here', async () => {
    expect(await ask('show server_version_num')).toEqual([
      { server_version_num: expect.stringMatching(/^15/) as string },
    ]);
  });

  it.each(Object.entries(RULES))('%s', async (_name, rule) => {
    expect(await rule(ask)).toEqual([]);
  });

  it('every table has exactly the policies it should', async () => {
    expect(await policiesAreAsTheyShould(ask)).toEqual([]);
  });

  it('gives the same types', async () => {
    const committed = await readFile(join(import.meta.dirname, '../../db/types.gen.ts'), 'utf8');
    expect(await generateTypes(server.adminUrl)).toBe(committed);
  });

  it('takes a row of everything and loads an execution', async () => {
    await client.query(ONE_ROW_OF_EACH);
    const [row] = await ask<{ org: string }>(`select pg_temp.one_row_of_each('own') as org`);
    const organizationId = row?.org ?? '';
    const [execution] = await ask<{ id: string }>(`select id from app.journey_executions`);
    const loaded = await withTenant(api, { organizationId, actor: 'test' }, (trx) =>
      loadExecution(trx, execution?.id ?? ''),
    );
    expect(loaded?.facts.client.weddingOn).toBe('2027-06-12');
  });

  // Here, because the server's counters are those of this file alone: among many databases they are soon forgotten.
  it('tells which statement was slow since it was asked last, as text without values', async () => {
    const slow = () =>
      ask(`select message from ops.check_system_alerts() where code = 'slow_statement' and message like '%pg_sleep%'`);
    const other = new Client({ connectionString: roleUrl(server.adminUrl, 'app_api', 'test') });
    await other.connect();
    await client.query('set role app_ops');
    expect(await slow()).toEqual([]);
    await other.query('select pg_sleep(1.01)');
    expect(await slow()).toEqual([
      {
        message: expect.stringMatching(
          /^1 calls since the last check took \d{4,} ms each: select pg_sleep\(\$1\)$/,
        ) as string,
      },
    ]);
    expect(await slow()).toEqual([]);
    await client.query('reset role');
    await other.end();
  });

  it.skipIf(programs === null)(
    'restores whole from pg_dump (skipped where this machine has no pg_dump 15)',
    async () => {
      await client.query('create database restored');
      const toUrl = new URL(server.adminUrl);
      toUrl.pathname = '/restored';
      await dumpAndRestore(programs ?? '', { fromUrl: server.adminUrl, toUrl: toUrl.toString(), folder });
      const restored = new Client({ connectionString: toUrl.toString() });
      await restored.connect();
      const { rows } = await restored.query(CONTENT);
      const findings = await restored.query(`select check_name, subject from ops.verify_data_integrity()
      where check_name <> 'steps_differ_from_definition'`);
      await restored.end();
      expect(rows).toEqual(await ask(CONTENT));
      expect(findings.rows).toEqual([]);
      await client.query('drop database restored');
    },
  );

  it('goes all the way back', async () => {
    const names = Object.keys(migrations);
    expect(await migrateDown({ adminUrl: server.adminUrl, steps: names.length })).toEqual(names.toReversed());
  });
});
