import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wedsync } from './run-wedsync.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query(
    `with o as (insert into app.organizations (name, slug) values ('Alder and Finch', 'alder') returning id)
     insert into app.clients (organization_id, external_id, partner_1_name, status, wedding_date)
     select id, 'c-1', 'Ana', 'booked', '2027-06-12' from o`,
  );
});
afterAll(() => db?.close());

const run = (...args: string[]) =>
  wedsync(['payments', ...args, '--organization', 'alder'], { env: { DATABASE_URL: db.adminUrl } });
const json = async <T>(...args: string[]): Promise<T> => {
  const { stdout, stderr } = await run(...args, '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as T;
};
const planned = (...parts: string[]) => ['plan', '--client', 'c-1', ...parts.flatMap((part) => ['--part', part])];

const invoiceFor = (client: string, payment: string) => [
  'invoice',
  '--client',
  client,
  '--amount',
  '1400.00',
  '--payment',
  payment,
];

describe('wedsync payments', () => {
  test('a couple gets its plan, which is replaced where it is changed, and what is paid stays', async () => {
    await run(...planned('deposit:300.00:2026-12-01', 'instalment:50.00:-100', 'balance:1450.00:-42'));
    const before = await json<{ id: string; kind: string }[]>('list', '--client', 'c-1');
    expect((await run('list', '--client', 'c-1')).stdout).toMatch(
      /Ana +deposit +300\.00 GBP +pending +2026-12-01\nAna +instalment .*\nAna +balance +1450\.00 GBP +pending +2027-05-01 \(42 days before the wedding\)/,
    );
    expect(await run(...planned('balance:1450.00:-42'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has a payment plan. Replace it.'),
    });
    await db.query(`update app.payments set status = 'succeeded' where kind = 'deposit'`);
    await run(...planned('balance:1400.00:-30'), '--replace');
    expect(await json('list', '--client', 'c-1')).toMatchObject([
      { kind: 'deposit', status: 'succeeded' },
      { kind: 'instalment', status: 'cancelled' },
      // The same payment as before: what journeys planned for it moves along.
      {
        id: before.find(({ kind }) => kind === 'balance')?.id,
        amount: 140_000,
        status: 'pending',
        dueOn: '2027-05-13',
        daysFromWedding: -30,
      },
    ]);
  });

  test('an invoice is issued for a payment, and is paid with it', async () => {
    const [open] = await json<{ id: string }[]>('list', '--open');
    const { number } = await json<{ number: string }>(...invoiceFor('c-1', open?.id ?? ''));
    expect(number).toMatch(/^20\d\d-0001$/);
    await db.query(`update app.payments set status = 'succeeded' where id = $1`, [open?.id]);
    expect((await run('invoices')).stdout).toMatch(new RegExp(`${number} +Ana +paid +1400\\.00 GBP +1400\\.00 GBP`));
    expect((await run('invoice', '--client', 'c-9', '--amount', '1')).stderr).toBe(
      'wedsync: There is no couple "c-9".\n',
    );
  });

  test('what was refused of a list is kept, and brought once its columns are named and the couple is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wedsync-payments-'));
    const list = join(folder, 'list.csv');
    writeFileSync(list, 'couple,ref,kind,amount\nc-1,R-71,extra,10.00\nc-9,R-72,extra,20.00\n');
    const first = await run('import', list);
    rmSync(folder, { recursive: true });
    expect(first).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('0 payments are there.\nline 2: reference'),
    });
    const importId = /--retry (\S+)/.exec(first.stdout)?.[1] ?? '';
    expect((await run('refused')).stdout).toMatch(new RegExp(`${importId} +list.csv +3 `));
    const named = await run('import', '--retry', importId, '--map', 'ref=reference');
    expect(named.stdout).toContain('1 payments are there.\nline 3: couple: there is none');
    await db.query(
      `insert into app.clients (organization_id, external_id, partner_1_name) select id, 'c-9', 'Bo' from app.organizations`,
    );
    expect(await run('import', '--retry', importId)).toMatchObject({ code: 0, stdout: '1 payments are there.\n' });
    expect(await db.query(`select from app.imports`)).toEqual([]);
  });

  test('a row that only the database refuses is kept like any other, and stops none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wedsync-payments-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const list = join(folder, 'list.csv');
    const rows = ['R-81,album,10.00,', 'R-82,album,20.00,2250-01-01', 'R-84,album,99999999.00,'];
    writeFileSync(list, ['reference,kind,amount,due_on,couple', ...rows.map((row) => `${row},c-1`)].join('\n'));
    const { code, stdout } = await run('import', list);
    expect(code).toBe(1);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      '1 payments are there.',
      'line 3: The due date must be between 1990 and 2199.',
      'line 4: A number is larger than can be kept.',
    ]);
    const importId = /--retry (\S+)/.exec(stdout)?.[1] ?? '';
    expect((await run('import', '--retry', importId)).stdout).toMatch(/^0 payments are there\.\nline 3: The due date/);
  });
});
