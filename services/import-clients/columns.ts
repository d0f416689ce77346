import { IMPORT_FIELDS, type Finding, type ImportField } from './findings.ts';

/** Names that other programs give their columns, without spaces, signs and capital letters. */
const OTHER_NAMES: Readonly<Record<string, ImportField>> = {
  id: 'external_id',
  reference: 'external_id',
  clientid: 'external_id',
  bookingid: 'external_id',
  name: 'partner_1_name',
  partner1: 'partner_1_name',
  bride: 'partner_1_name',
  clientname: 'partner_1_name',
  partner2: 'partner_2_name',
  groom: 'partner_2_name',
  partnername: 'partner_2_name',
  emailaddress: 'email',
  mail: 'email',
  partner1email: 'email',
  partner2emailaddress: 'partner_2_email',
  telephone: 'phone',
  mobile: 'phone',
  phonenumber: 'phone',
  partner1phone: 'phone',
  partner2mobile: 'partner_2_phone',
  date: 'wedding_date',
  eventdate: 'wedding_date',
  dateofwedding: 'wedding_date',
  time: 'wedding_time',
  ceremonytime: 'wedding_time',
  timezone: 'zone',
  weddingzone: 'zone',
  stage: 'status',
  labels: 'tags',
  location: 'venue',
  weddingvenue: 'venue',
  guests: 'guest_count',
  numberofguests: 'guest_count',
};

const bare = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
const OURS = new Map(IMPORT_FIELDS.map((field) => [bare(field), field]));

export interface Columns {
  /** Field of each column, null for one that is not imported. */
  readonly fields: readonly (ImportField | null)[];
  readonly findings: readonly Finding[];
}

/**
 * Which column holds which field: as the caller says, by our own name, or by one that other programs use.
 *
 * @param mapping column names of the file to our fields, for what is not found by itself; `null` leaves a column out
 */
export function mapColumns(header: readonly string[], mapping: Readonly<Record<string, ImportField | null>>): Columns {
  const said = new Map(Object.entries(mapping).map(([name, field]) => [bare(name), field]));
  const fields = header.map((name) => {
    const key = bare(name);
    return said.has(key) ? (said.get(key) ?? null) : (OURS.get(key) ?? OTHER_NAMES[key] ?? null);
  });
  const findings: Finding[] = [];
  const unknown = [...said.keys()].filter((name) => !header.some((column) => bare(column) === name));
  for (const name of unknown) {
    findings.push({
      level: 'error',
      code: 'column_missing',
      message: `the mapping names a column ${name}, which the file has not`,
    });
  }
  for (const [index, field] of fields.entries()) {
    if (field !== null && fields.indexOf(field) < index) {
      const columns = `${header[fields.indexOf(field)]} and ${header[index]}`;
      findings.push({
        level: 'error',
        code: 'column_twice',
        field,
        message: `the columns ${columns} both hold ${field}; say with --map which one is meant`,
      });
    }
  }
  if (!fields.includes('partner_1_name')) {
    findings.push({
      level: 'error',
      code: 'column_names',
      field: 'partner_1_name',
      message: `no column holds the first partner's name; the columns are ${header.join(', ')}. Say which with --map "Their column=partner_1_name"`,
    });
  }
  const left = header.filter((_, index) => fields[index] === null);
  if (left.length > 0) {
    findings.push({
      level: 'warning',
      code: 'column_ignored',
      message: `not imported: ${left.join(', ')}. A column is imported where its name is known, or --map says what it holds`,
    });
  }
  return { fields, findings };
}
