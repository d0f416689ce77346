import { Writable } from 'node:stream';

import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createLog } from '../../worker/create-log.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db?.close());

/** The line that a log writes about an error. */
function logged(err: unknown): Record<string, unknown> {
  let line = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      line += chunk.toString();
      done();
    },
  });
  createLog('info', destination).warn({ err }, 'something went wrong');
  return JSON.parse(line).err;
}

async function refusal(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was refused.');
}

test('a row that the database refuses stays out of the log; which rule it broke is told', async () => {
  const error = await refusal(
    db.query(
      `with o as (insert into app.organizations (name, slug) values ('O', 'create-log') returning id)
       insert into app.clients (organization_id, partner_1_name, status) select id, 'Xanthippe', 'nonsense' from o`,
    ),
  );
  expect(String((error as { detail?: string }).detail)).toContain('Xanthippe');
  const told = logged(error);
  expect(told).toMatchObject({ code: '23514', table: 'clients' });
  expect(told['constraint']).toBeTypeOf('string');
  expect(JSON.stringify(told)).not.toContain('Xanthippe');
});

test('a connection lost in the middle of a statement is told in a few words, without the statement and its values', async () => {
  const client = new Client({ connectionString: db.adminUrl });
  await client.connect();
  // The loss is told more than once: by the statement, by the server and by the end of the line.
  const lost: unknown[] = [];
  client.on('error', (error) => lost.push(error));
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  const asked = refusal(client.query('select pg_sleep(600), $1::text', ['Xanthippe']));
  await db.query('select pg_terminate_backend($1)', [(client as unknown as { processID: number }).processID]);
  const answer = await asked;
  await ended;
  expect(lost).not.toEqual([]);
  for (const error of [answer, ...lost]) {
    const line = JSON.stringify(logged(error));
    expect(line).not.toContain('Xanthippe');
    expect(line).not.toContain('pg_sleep');
    expect(line.length).toBeLessThan(4_000);
  }
});

test('an error tells why, through its causes and its parts, without an address', () => {
  const cause = Object.assign(new Error('550 no <ana@example.com> here'), { responseCode: 550 });
  const error = new AggregateError([cause, 'ana@example.com'], 'not sent', { cause });
  const told = logged(error);
  expect(told).toMatchObject({
    type: 'AggregateError',
    message: 'not sent: 550 no <[address]> here',
    aggregateErrors: [{ responseCode: 550 }, '[address]'],
  });
  expect(JSON.stringify(told)).not.toContain('ana@');
});
