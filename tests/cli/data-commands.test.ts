import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { files, wedsync, type Ran } from './run-wedsync.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/couples');

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query(
    `insert into app.organizations (name, slug) values ('Wildflower', 'wildflower'), ('Another', 'another')`,
  );
});
afterAll(() => db.close());

const run = (...args: string[]): Promise<Ran> => wedsync(args, { env: { DATABASE_URL: db.adminUrl } });

async function newClient(name: string, slug = 'wildflower'): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name) select id, $1 from app.organizations where slug = $2 returning id`,
    [name, slug],
  );
  return row?.id ?? '';
}

describe('wedsync clients import', () => {
  it('tries, imports, and imports again', async () => {
    const file = join(FIXTURES, 'couples.csv');
    const tried = await run('clients', 'import', file, '--organization', 'wildflower', '--dry-run');
    expect([tried.code, tried.stdout]).toEqual([0, '60 rows: 60 imported.\nNothing was written: --dry-run.\n']);
    const { code, stdout } = await run('clients', 'import', file, '--organization', 'wildflower');
    expect([code, stdout]).toEqual([0, '60 rows: 60 imported.\n']);
    const again = await run('clients', 'import', file, '--organization', 'wildflower');
    expect([again.code, again.stdout]).toEqual([0, '60 rows: 60 there already, the same.\n']);
    const where = await db.query(
      `select o.slug, count(*) from app.clients c join app.organizations o on o.id = c.organization_id group by 1`,
    );
    expect(where).toEqual([{ slug: 'wildflower', count: '60' }]);
  });

  it('goes on after it was killed in the middle: every couple once, whole, and the report says so', async () => {
    const [organization] = await db.query<{ id: string }>(
      `insert into app.organizations (name, slug) values ('Killed', 'killed') returning id`,
    );
    const rows = Array.from(
      { length: 450 },
      (_, n) => `c-${n},Ada ${n},Bo ${n},ada-${n}@example.org,2027-06-12,booked`,
    );
    const header = 'external_id,partner_1_name,partner_2_name,email,wedding_date,status';
    const path = await files({ 'couples.csv': [header, ...rows].join('\n') });
    const args = ['clients', 'import', path('couples.csv'), '--organization', 'killed', '--update'];

    // One of the second two hundred is there already, and somebody holds it: the import waits when it has stored the rest.
    await db.query(
      `insert into app.clients (organization_id, partner_1_name, external_id) values ($1, 'Old', 'c-300')`,
      [organization?.id],
    );
    const other = new Client({ connectionString: db.adminUrl });
    await other.connect();
    await other.query('begin');
    await other.query(`select from app.clients where external_id = 'c-300' for update`);
    const session = (state: string) =>
      db.query(`select from pg_stat_activity where datname = current_database() and ${state}`);
    const isWaiting = eventually('the import waits', async () => {
      const found = await session(`application_name = 'wedsync-cli' and wait_event_type = 'Lock'`);
      return found.length > 0;
    });
    const killed = await wedsync(args, { env: { DATABASE_URL: db.adminUrl }, killWhen: isWaiting });
    await isWaiting;
    expect([killed.code, killed.stdout]).toEqual([null, '']);
    await other.query('rollback');
    await other.end();
    await eventually('its session is over', async () => {
      const found = await session(`application_name = 'wedsync-cli'`);
      return found.length === 0;
    });

    const stored = () =>
      db.query(
        `select count(*)::int as couples, count(distinct c.external_id)::int as ids,
                sum((select count(*) from app.client_contacts k where k.client_id = c.id))::int as contacts,
                sum((select count(*) from app.outbox o where o.client_id = c.id and o.event = 'client.booked'))::int as told
           from app.clients c where c.organization_id = $1`,
        [organization?.id],
      );
    expect(await stored()).toEqual([{ couples: 201, ids: 201, contacts: 200, told: 200 }]);
    const again = await run(...args);
    expect([again.code, again.stdout]).toEqual([
      0,
      '450 rows: 249 imported; 1 updated; 200 there already, the same.\n',
    ]);
    expect(await stored()).toEqual([{ couples: 450, ids: 450, contacts: 450, told: 450 }]);
  });

  it('says row by row what is wrong, and keeps the report', async () => {
    const path = await files({});
    const args = ['clients', 'import', join(FIXTURES, 'couples-bad.csv'), '--organization', 'another'];
    const { code, stdout } = await run(...args, '--report', path('report.json'));
    expect(code).toBe(1);
    expect(stdout).toContain('row 5    error   31 February 2027 does not exist; it is not moved to March');
    expect(stdout).toContain('25 rows: 5 imported; 20 refused.');
    const report = JSON.parse(await readFile(path('report.json'), 'utf8')) as { rows: unknown[] };
    expect(report.rows).toHaveLength(25);
  });

  it('keeps what it refused, and brings it once the mapping is mended', async () => {
    const path = await files({
      'list.csv': 'Lead;Big day;Mail\nAna;06/12/2027;ana.kept@example.com\nBo;31/02/2027;bo.kept@example.com\n',
    });
    const at = ['--organization', 'another'];
    const first = await run('clients', 'import', path('list.csv'), ...at, '--map', 'Big day=wedding_date');
    expect(first.code).toBe(1);
    const importId = /--retry (\S+)/.exec(first.stdout)?.[1] ?? '';
    const [refused] = JSON.parse((await run('clients', 'refused', ...at, '--json')).stdout) as unknown[];
    expect(refused).toMatchObject({ importId, fileName: 'list.csv', row: 2, cells: { Lead: 'Ana' } });
    // What was said about the other column is remembered.
    const mended = ['--map', 'Lead=partner_1_name', '--dates', 'day-first'];
    const { stdout } = await run('clients', 'import', '--retry', importId, ...mended, ...at);
    expect(stdout).toContain('row 3    error   31 February 2027 does not exist');
    expect(stdout).toContain('2 rows: 1 imported; 1 refused.');
    const left = await db.query(
      `select r.row_no, r.reason from app.import_rows r join app.imports i on i.id = r.import_id where i.id = $1`,
      [importId],
    );
    expect(left).toEqual([{ row_no: 3, reason: expect.stringContaining('31 February') }]);
    const ana = await db.query(`select wedding_date::text from app.clients where partner_1_name = 'Ana'`);
    expect(ana).toEqual([{ wedding_date: '2027-12-06' }]);
    expect((await run('clients', 'import', '--retry', 'none', ...at)).stderr).toContain('No refused rows are kept');
  });

  it.each([
    [['missing.csv', '--organization', 'wildflower'], 'The file cannot be read'],
    [[join(FIXTURES, 'couples.csv'), '--organization', 'nobody'], 'There is no organization "nobody"'],
    [[join(FIXTURES, 'couples.csv'), '--organization', 'wildflower', '--map', 'x=nothing'], 'Write it as'],
  ])('refuses what makes no sense: %s', async (args, message) => {
    const { code, stderr } = await run('clients', 'import', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('wedsync privacy', () => {
  it('hands over everything about a couple, once to a file', async () => {
    const client = await newClient('Orla');
    const path = await files({});
    const args = ['privacy', 'export', '--organization', 'wildflower', '--client', client, '--out', path('orla.json')];
    expect((await run(...args)).code).toBe(0);
    const archive = JSON.parse(await readFile(path('orla.json'), 'utf8')) as {
      tables: Record<string, { partner_1_name?: string }[]>;
    };
    expect(archive.tables['clients']?.[0]?.partner_1_name).toBe('Orla');
    const again = await run(...args);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('The file cannot be made')]);
  });

  it('deletes only when it is meant, restores what can be restored, and lists what was asked for', async () => {
    const client = await newClient('Petra');
    const subject = ['--organization', 'wildflower', '--client', client];
    const asked = await run('privacy', 'delete', ...subject);
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect((await run('privacy', 'delete', ...subject, '--recoverable', '--yes')).code).toBe(0);
    expect((await run('privacy', 'restore', ...subject)).stdout).toBe('Restored.\n');
    expect((await run('privacy', 'delete', ...subject, '--yes')).stdout).toContain('"removed":true');
    const requests = await run('privacy', 'requests', '--organization', 'wildflower');
    expect(requests.stdout).toMatch(new RegExp(`deletion +completed +${client} +admin:cli`));
    expect((await run('privacy', 'restore', ...subject)).code).toBe(1);
  });

  it('does not find the couple of another organization', async () => {
    const client = await newClient('Tess', 'another');
    const { code, stderr } = await run(
      'privacy',
      'delete',
      '--organization',
      'wildflower',
      '--client',
      client,
      '--yes',
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining('has no couple with the id')]);
  });

  it('exports and deletes a couple’s account with what every supplier keeps', async () => {
    const [couple] = await db.query<{ id: string }>(
      `insert into app.couples (display_name) values ('Ann & Bob') returning id`,
    );
    const id = couple?.id ?? '';
    const records = [await newClient('Ann', 'wildflower'), await newClient('Ann', 'another')];
    await db.query(`update app.clients set couple_id = $1 where id = any ($2)`, [id, records]);
    await db.query(
      `insert into app.couple_supplier_relationships (organization_id, couple_id, client_id, status)
       select organization_id, $1, id, 'connected' from app.clients where id = any ($2)`,
      [id, records],
    );
    await db.query(
      `with u as (insert into app.users (email) values ('ann@example.com') returning id)
       insert into app.couple_members (couple_id, user_id, partner_no) select $1, id, 1 from u`,
      [id],
    );
    const path = await files({});
    expect((await run('privacy', 'export', '--couple', id, '--out', path('couple.json'))).code).toBe(0);
    const archive = JSON.parse(await readFile(path('couple.json'), 'utf8')) as {
      account: { members: { email: string }[] };
      suppliers: { organization: { slug: string } }[];
    };
    expect(archive.account.members.map(({ email }) => email)).toEqual(['ann@example.com']);
    expect(archive.suppliers.map(({ organization }) => organization.slug).toSorted()).toEqual([
      'another',
      'wildflower',
    ]);
    expect((await run('privacy', 'delete', '--couple', id, '--yes')).code).toBe(0);
    const left = await db.query(
      `select (select count(*) from app.clients where id = any ($2)) as records,
              (select count(*) from app.couple_members where couple_id = $1) as members,
              (select count(*) from app.users where email like 'ann@%') as logins,
              (select display_name from app.couples where id = $1) as name`,
      [id, records],
    );
    expect(left).toEqual([{ records: '0', members: '0', logins: '0', name: 'Deleted' }]);
  });
});

describe('wedsync audit and db', () => {
  it('seal, verify, and find what was changed afterwards', async () => {
    const sealed = await run('audit', 'seal');
    const digest = /[0-9a-f]{64}/.exec(sealed.stdout)?.[0] ?? '';
    const whole = await run('audit', 'verify', '--digest', digest);
    expect([whole.code, whole.stdout]).toEqual([0, expect.stringContaining('Nothing sealed was changed')]);
    const lost = await run('audit', 'verify', '--digest', 'f'.repeat(64));
    expect([lost.code, lost.stdout]).toEqual([1, expect.stringContaining('digest_missing')]);
    await db.query(`set session_replication_role = replica;
      update audit.audit_logs set actor = 'user:nobody' where id = (select min(id) from audit.audit_logs);
      set session_replication_role = origin`);
    const changed = await run('audit', 'verify');
    expect([changed.code, changed.stdout]).toEqual([1, expect.stringContaining('Seal 1: row_changed')]);
    const health = await run('db', 'health', '--thorough');
    expect([health.code, health.stdout]).toEqual([1, expect.stringContaining('row_changed')]);
  });

  it('do the upkeep as often as one likes', async () => {
    const first = await run('db', 'maintain', '--json');
    const again = await run('db', 'maintain');
    expect([first.code, again.code]).toEqual([0, 0]);
    expect(JSON.parse(first.stdout)).toMatchObject({ partitionsCreated: 0, partitionsDropped: [], sealPending: false });
    expect(again.stdout).toContain('Months of logs: 0 made, 0 dropped.');
  });

  it('say in a sentence that there is no database', async () => {
    const { code, stderr } = await wedsync(['db', 'health'], {
      env: { DATABASE_URL: 'postgres://x:y@127.0.0.1:1/none' },
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining('The database cannot be used')]);
  });
});

describe('wedsync messages thread', () => {
  it('shows what was written to a couple and by them, whichever way the couple is named', async () => {
    const clientId = await newClient('Thandiwe');
    await db.query(`update app.clients set external_id = 'crm-77' where id = $1`, [clientId]);
    await db.query(
      `insert into app.communications (organization_id, client_id, type, direction, recipient, subject, content, status, idempotency_key)
       select organization_id, id, 'email', 'outbound', 'thandiwe@example.org', 'Numbers', '<p>How many guests?</p>', 'delivered', 'numbers'
         from app.clients where id = $1`,
      [clientId],
    );
    for (const word of [clientId, clientId.toUpperCase(), 'crm-77']) {
      const { code, stdout } = await run('messages', 'thread', word, '--organization', 'wildflower');
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/by email, delivered\n {2}Numbers\n {2}How many guests\?/),
      ]);
    }
    const none = await run('messages', 'thread', await newClient('Nobody'), '--organization', 'wildflower');
    expect([none.code, none.stdout]).toEqual([0, 'Nothing was written yet.\n']);
    const unknown = await run('messages', 'thread', 'crm-78', '--organization', 'wildflower');
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('crm-78')]);
  });
});
