import type { CountryCode } from 'libphonenumber-js/max';

import type { ClientStatus } from '../../db/domain.ts';
import { errorIn, warningIn, type Finding, type ImportField, type Read } from './findings.ts';
import { readEmail, readPhone } from './read-contact.ts';
import { dateInWords, readDate, type DateOrder } from './read-date.ts';
import { readGuests, readStatus, readTime } from './read-facts.ts';
import type { TableRow } from './read-table.ts';
import { oddNames, readTags, readWords } from './read-words.ts';
import { readZone } from './read-zone.ts';

/** A couple as a row tells of it. Absent: the row does not say. */
export interface ImportedCouple {
  readonly externalId?: string;
  readonly partner1Name: string;
  readonly partner2Name: string;
  readonly email?: string;
  readonly partner2Email?: string;
  /** E.164. */
  readonly phone?: string;
  readonly partner2Phone?: string;
  readonly weddingOn?: string;
  readonly weddingTime?: string;
  readonly zone?: string;
  readonly status: ClientStatus;
  readonly tags: readonly string[];
  readonly venue?: string;
  readonly guestCount?: number;
}

export interface CheckedRow {
  readonly row: number;
  /** Null where an error forbids the import. */
  readonly couple: ImportedCouple | null;
  readonly findings: readonly Finding[];
  /** Whether its import must set no journey off. */
  readonly quiet: boolean;
}

export interface RowRules {
  readonly fields: readonly (ImportField | null)[];
  readonly delimiter: string;
  readonly dateOrder: DateOrder | undefined;
  /** Whose telephone numbers stand without a country code. */
  readonly country: CountryCode;
  /** Today in the organization's zone, YYYY-MM-DD. */
  readonly today: string;
}

/** Reads one row by itself: what it says, and everything that is wrong with it at once. */
export function checkRow({ row, cells }: TableRow, rules: RowRules): CheckedRow {
  const misread = wrongLength(cells, rules);
  if (misread !== null) return { row, couple: null, findings: [misread], quiet: false };
  const findings: Finding[] = [];
  const { text, fixed } = trimmed(cells, rules.fields);
  const take = <T>(read: Read<T>): T | undefined => {
    findings.push(...read.findings);
    return read.value;
  };
  const partner1Name = take(readWords(text('partner_1_name'), 'partner_1_name')) ?? '';
  const partner2Name = take(readWords(text('partner_2_name'), 'partner_2_name')) ?? '';
  const names = [partner1Name, partner2Name].filter((name) => name !== '');
  if (names.length === 0 && findings.every(({ level }) => level !== 'error')) {
    findings.push(errorIn('partner_1_name', 'no_name', 'partner 1 has no name; a couple needs at least one name'));
  }
  findings.push(...oddNames(names));
  const said = {
    externalId: take(readWords(text('external_id'), 'external_id')),
    email: take(readEmail(text('email'), 'email')),
    partner2Email: take(readEmail(text('partner_2_email'), 'partner_2_email')),
    phone: take(readPhone(text('phone'), rules.country, 'phone')),
    partner2Phone: take(readPhone(text('partner_2_phone'), rules.country, 'partner_2_phone')),
    weddingOn: take(readDate(text('wedding_date'), rules.dateOrder)),
    weddingTime: take(readTime(text('wedding_time'))),
    zone: take(readZone(text('zone'))),
    venue: take(readWords(text('venue'), 'venue')),
    guestCount: take(readGuests(text('guest_count'))),
  };
  const status = take(readStatus(text('status'))) ?? 'lead';
  const tags = take(readTags(text('tags'))) ?? [];
  const past = status === 'lead' && said.weddingOn !== undefined && said.weddingOn < rules.today;
  if (past && said.weddingOn !== undefined) {
    const day = dateInWords(said.weddingOn);
    findings.push(
      warningIn(
        'wedding_date',
        'lead_past',
        `a lead whose wedding date, ${day}, has passed; imported without starting any journey`,
      ),
    );
  }
  if (findings.some(({ level }) => level === 'error')) return { row, couple: null, findings, quiet: false };
  if (fixed !== null) findings.unshift(fixed);
  return { row, couple: { ...present(said), partner1Name, partner2Name, status, tags }, findings, quiet: past };
}

/** A row with more or fewer cells than there are columns: nothing in it can be trusted to stand in its column. */
function wrongLength(cells: readonly string[], { fields, delimiter }: RowRules): Finding | null {
  if (cells.length === fields.length) return null;
  const columns = inWords(fields.length);
  const [only = ''] = cells;
  const other = delimiter === ',' ? ';' : ',';
  if (cells.length === 1 && only.split(other).length > 1) {
    const [theirs, ours] = other === ';' ? ['semicolons', 'commas'] : ['commas', 'semicolons'];
    return {
      level: 'error',
      code: 'row_delimiter',
      message: `this line is separated by ${theirs} while the file uses ${ours}: one field instead of ${columns}`,
    };
  }
  return {
    level: 'error',
    code: 'row_length',
    message: `this line has ${inWords(cells.length)} fields instead of ${columns}; a field that holds the separator must stand in quotation marks`,
  };
}

/** The cells by field, without spaces at their ends: of any kind, which copying from web pages brings along. */
function trimmed(
  cells: readonly string[],
  fields: readonly (ImportField | null)[],
): { text: (field: ImportField) => string; fixed: Finding | null } {
  let count = 0;
  let hard = false;
  const texts = new Map<ImportField, string>();
  for (const [index, field] of fields.entries()) {
    const cell = cells[index] ?? '';
    const text = cell.replaceAll(/^[\s\u200b\ufeff]+|[\s\u200b\ufeff]+$/gu, '');
    if (field === null) continue;
    texts.set(field, text.normalize('NFC'));
    if (text === cell) continue;
    count += 1;
    hard ||= /^\u00a0|\u00a0$/.test(cell.replaceAll(/^ +| +$/g, ''));
  }
  const among = hard ? ', among them a non-breaking one' : '';
  const where = count === 1 ? 'one field' : `${inWords(count)} fields`;
  const message = `spaces at the ends of ${where} were removed${among}; this row is imported`;
  return {
    text: (field) => texts.get(field) ?? '',
    fixed: count === 0 ? null : { level: 'fixed', code: 'trimmed', message },
  };
}

const NUMBERS = [
  'no',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
  'thirteen',
  'fourteen',
] as const;
const inWords = (count: number): string => NUMBERS[count] ?? String(count);

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Without the keys whose value is undefined. */
function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
