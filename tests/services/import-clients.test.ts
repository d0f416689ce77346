import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'csv-parse/sync';
import { Temporal } from 'temporal-polyfill';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { importClients, type ImportOptions, type ImportReport } from '../../services/import-clients.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const NOW = Temporal.Instant.from('2026-11-21T12:00:00Z');
const fixture = (name: string): Promise<Buffer> => readFile(join(import.meta.dirname, '../fixtures/couples', name));
const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

let db: TestDatabase;
let organizationId: string;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

/** Each test has an organization of its own, so that none sees the couples of another. */
beforeEach(async () => {
  const [row] = await db.query<{ id: string }>(
    `insert into app.organizations (name, slug) values ('Import', 'o-' || gen_random_uuid()) returning id`,
  );
  organizationId = row?.id ?? '';
});

const importFile = (file: Uint8Array, options: ImportOptions = {}): Promise<ImportReport> =>
  importClients(db.api, { organizationId, actor: 'user:test', requestId: 'import/test' }, file, NOW, options);

const clients = <Row extends object>(columns: string): Promise<Row[]> =>
  db.query<Row>(`select ${columns} from app.clients c where organization_id = $1 order by created_at, id`, [
    organizationId,
  ]);

/** How many journeys would hear of the import. */
async function starts(): Promise<number> {
  const [row] = await db.query<{ n: string }>(
    `select count(*) as n from app.outbox where organization_id = $1 and event <> 'facts.changed'`,
    [organizationId],
  );
  return Number(row?.n);
}

describe('a good list', () => {
  it('is imported whole, without a complaint, each couple with its contacts', async () => {
    const report = await importFile(await fixture('couples.csv'));
    expect(report.rows.filter(({ findings }) => findings.length > 0)).toEqual([]);
    expect(report.counts).toEqual({ imported: 60, updated: 0, unchanged: 0, different: 0, refused: 0 });
    expect(report.findings).toEqual([]);
    const [zoe] = await db.query(
      `select c.partner_2_name, c.wedding_date::text, c.wedding_time::text, c.tags, c.venue, c.guest_count,
              (select jsonb_object_agg(contact_type, value_normalized) from app.client_contacts k where k.client_id = c.id) as contacts
         from app.clients c where organization_id = $1 and partner_1_name = 'Zoë Hartley'`,
      [organizationId],
    );
    expect(zoe).toEqual({
      partner_2_name: 'Tomasz Wiśniewski',
      wedding_date: '2026-12-05',
      wedding_time: '13:30:00',
      tags: ['full_day', 'planner'],
      venue: 'Harbour Rooms, Whitby',
      guest_count: 96,
      contacts: { email: 'zoe.hartley@example.org', phone: '+447700900111' },
    });
  });

  it('makes no couple twice when it is imported again', async () => {
    await importFile(await fixture('couples.csv'));
    const again = await importFile(await fixture('couples.csv'));
    expect(again.counts).toMatchObject({ imported: 0, unchanged: 60 });
    expect(await clients('id')).toHaveLength(60);
  });

  it('goes on after an interruption where it stood', async () => {
    const file = (await fixture('couples.csv')).toString();
    await importFile(bytes(file.split('\n').slice(0, 21).join('\n')));
    expect((await importFile(bytes(file))).counts).toMatchObject({ imported: 40, unchanged: 20 });
  });

  it('is written by nobody when it is only tried', async () => {
    const report = await importFile(await fixture('couples.csv'), { dryRun: true });
    expect(report.counts.imported).toBe(60);
    expect([await clients('id'), await starts()]).toEqual([[], 0]);
  });

  it('tells its progress', async () => {
    const rows = Array.from({ length: 450 }, (_, index) => `Couple ${index},c${index}@example.com`);
    const told: [number, number][] = [];
    await importFile(bytes(['partner_1_name,email', ...rows].join('\n')), {
      onProgress: (done, total) => told.push([done, total]),
    });
    expect(told).toEqual([
      [200, 450],
      [400, 450],
      [450, 450],
    ]);
  });
});

describe('a list with a fault in every row', () => {
  it('is answered row by row with what is wrong and what to do', async () => {
    const file = await fixture('couples-bad.csv');
    const table: Record<string, string>[] = parse(file, { bom: true, columns: true, relax_column_count: true });
    // The row with other separators has its fault in its only field.
    const expected = table.map((row) => row['fault'] ?? Object.values(row)[0]?.split(';').at(-1) ?? '');
    const { rows } = await importFile(file);
    const answered = rows.map(({ findings }) =>
      findings.map(({ level, message }) => `${level}: ${message}`).join(' + '),
    );
    expect(answered).toEqual(expected);
  });

  it('leaves nothing behind of a refused row, and imports the others', async () => {
    const { rows, counts } = await importFile(await fixture('couples-bad.csv'));
    expect(counts).toMatchObject({ imported: 5, refused: 20 });
    const stored = await clients<{ id: string }>('id');
    expect(stored.map(({ id }) => id).toSorted()).toEqual(
      rows.flatMap(({ clientId }) => (clientId === null ? [] : [clientId])).toSorted(),
    );
    const [traces] = await db.query(
      `select (select count(*) from app.client_contacts where organization_id = $1 and client_id <> all ($2)) as contacts,
              (select count(*) from app.client_events where organization_id = $1 and client_id <> all ($2)) as events,
              (select count(*) from app.outbox where organization_id = $1 and client_id <> all ($2)) as outbox`,
      [organizationId, stored.map(({ id }) => id)],
    );
    expect(traces).toEqual({ contacts: '0', events: '0', outbox: '0' });
  });

  it('counts the columns it has when the last one is cut off', async () => {
    const lines = (await fixture('couples.csv')).toString().split('\n').slice(0, 2);
    const { rows } = await importFile(bytes([...lines, 'Ada Finch;Grace Moss;ada.finch@example.com'].join('\n')));
    expect(rows[1]?.findings[0]?.message).toContain('one field instead of twelve');
  });
});

describe('journeys', () => {
  it('start for a booking, and not for a lead whose date has passed', async () => {
    await importFile(bytes('partner_1_name,email,wedding_date,status\nA,a@example.com,2025-06-14,lead'));
    expect(await starts()).toBe(0);
    await importFile(bytes('partner_1_name,email,wedding_date,status\nB,b@example.com,2027-06-14,booked'));
    expect(await starts()).toBe(3);
  });

  it('start for nobody in a quiet import, and what happened is kept all the same', async () => {
    await importFile(await fixture('couples.csv'), { quiet: true });
    expect(await starts()).toBe(0);
    const [events] = await db.query(`select count(*) > 60 as kept from app.client_events where organization_id = $1`, [
      organizationId,
    ]);
    expect(events).toEqual({ kept: true });
  });
});

describe('a couple that is there already', () => {
  const first = 'external_id,partner_1_name,email,phone,venue\nB-1,Ann,ann@example.com,07700 900100,Barn';
  const later = 'external_id,partner_1_name,email,phone,venue\nB-1,Anna,anna@example.com,07700 900101,';

  it('stays as it is, and the differences are told', async () => {
    await importFile(bytes(first));
    const { rows } = await importFile(bytes(later));
    expect(rows).toMatchObject([
      { status: 'different', differences: ['externalId', 'email', 'phone', 'partner1Name'].slice(1) },
    ]);
    expect(await clients('partner_1_name')).toEqual([{ partner_1_name: 'Ann' }]);
  });

  it('takes the new values where that is asked for; an empty cell changes nothing', async () => {
    await importFile(bytes(first));
    expect((await importFile(bytes(later), { update: true })).counts.updated).toBe(1);
    expect(await clients('partner_1_name, venue')).toEqual([{ partner_1_name: 'Anna', venue: 'Barn' }]);
    const contacts = await db.query(
      `select value_normalized from app.client_contacts where organization_id = $1 order by 1`,
      [organizationId],
    );
    expect(contacts).toEqual([{ value_normalized: '+447700900101' }, { value_normalized: 'anna@example.com' }]);
  });

  it('is found by its address in other capital letters, and by names and date where it has nothing else', async () => {
    await importFile(bytes('partner_1_name,email\nAnn,ann@example.com\nBea,'));
    const { rows } = await importFile(bytes('partner_1_name,email\nAnn,ANN@example.com\nbea,'));
    expect(rows.map(({ status }) => status)).toEqual(['different', 'different']);
  });

  it.each([
    ['stored_other_id', 'external_id,partner_1_name,email\nB-2,Ann,ann@example.com'],
    ['stored_twice', 'external_id,partner_1_name,email\nB-1,Ann,bea@example.com'],
  ])('is not mixed up with another: %s', async (code, file) => {
    await importFile(bytes('external_id,partner_1_name,email\nB-1,Ann,ann@example.com\nB-3,Bea,bea@example.com'));
    const { rows } = await importFile(bytes(file));
    expect(rows[0]?.findings.map((finding) => finding.code)).toEqual([code]);
  });

  it('in another organization is another couple', async () => {
    await importFile(bytes(first));
    const [other] = await db.query<{ id: string }>(
      `insert into app.organizations (name, slug) values ('Other', 'p-' || gen_random_uuid()) returning id`,
    );
    organizationId = other?.id ?? '';
    expect((await importFile(bytes(first))).counts.imported).toBe(1);
  });

  it('is not made twice by two imports at once', async () => {
    const reports = await Promise.all([importFile(bytes(first)), importFile(bytes(first))]);
    expect(reports.map(({ counts }) => counts.imported).toSorted((a, b) => a - b)).toEqual([0, 1]);
  });
});

describe('what the database refuses', () => {
  it('is told for its row, and the others are imported', async () => {
    await db.query(`update app.organizations set max_clients = 2 where id = $1`, [organizationId]);
    const file = bytes('partner_1_name,email\nA,a@example.com\nB,b@example.com\nC,c@example.com');
    const { rows } = await importFile(file);
    expect(rows.map(({ status }) => status)).toEqual(['imported', 'imported', 'refused']);
    expect(rows[2]?.findings).toMatchObject([{ level: 'error', code: 'limit_reached' }]);
  });
});

describe('columns', () => {
  it('are known under the names of other programs, or as the caller says', async () => {
    const file = bytes('Bride;Groom;E-mail address;Big day\nAnn;Bob;ann@example.com;12/06/2027');
    const { findings } = await importFile(file, {
      mapping: { 'Big day': 'wedding_date' },
      dateOrder: 'day-first',
    });
    expect(findings).toEqual([]);
    expect(await clients('partner_1_name, partner_2_name, wedding_date::text')).toEqual([
      { partner_1_name: 'Ann', partner_2_name: 'Bob', wedding_date: '2027-06-12' },
    ]);
  });

  it.each([
    ['column_names', 'venue,email\nBarn,a@example.com'],
    ['column_twice', 'name,bride\nA,B'],
    ['file_empty', ''],
    ['file_quotes', 'name,venue\n"A,B'],
    ['file_binary', 'PK\0\0'],
  ])('that make no sense refuse the whole file: %s', async (code, file) => {
    const { findings, rows } = await importFile(bytes(file));
    expect([findings.map((finding) => finding.code), rows]).toEqual([[code], []]);
  });

  it('in another encoding than UTF-8 refuse the whole file', async () => {
    const { findings } = await importFile(Buffer.from('name\nZo\u00eb', 'latin1'));
    expect(findings).toMatchObject([{ code: 'file_encoding' }]);
  });
});

describe('dates', () => {
  const dateOf = async (cell: string, options: ImportOptions = {}): Promise<string | undefined> => {
    const { rows } = await importFile(bytes(`name,date\nAnn,"${cell}"`), { ...options, dryRun: false });
    const [finding] = rows[0]?.findings ?? [];
    if (finding?.level === 'error') return finding.code;
    return (await clients<{ on: string }>('wedding_date::text as on'))[0]?.on;
  };

  it.each([
    ['2027-06-12', '2027-06-12'],
    ['2027/6/5', '2027-06-05'],
    ['12 June 2027', '2027-06-12'],
    ['Saturday, 12 Jun 2027', '2027-06-12'],
    ['June 12th, 2027', '2027-06-12'],
    ['2028-02-29', '2028-02-29'],
    ['2027-02-29', 'date_day'],
    ['25/12/2027', 'date_ambiguous'],
    ['12.06.27', 'date_unreadable'],
    ['TBC', 'date_unreadable'],
    ['0001-01-01', 'date_year'],
  ])('%s is %s', async (cell, answer) => {
    expect(await dateOf(cell)).toBe(answer);
  });

  it('in numbers are read as the whole file is said to write them', async () => {
    expect(await dateOf('06/12/2027', { dateOrder: 'day-first' })).toBe('2027-12-06');
    expect(await dateOf('13/12/2027', { dateOrder: 'month-first' })).toBe('date_month');
  });
});
