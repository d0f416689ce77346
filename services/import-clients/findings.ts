/**
 * `error`: the row is not imported. `warning`: it is, and somebody should look at it. `fixed`: it is, after a repair
 * that cannot have changed what was meant.
 */
type FindingLevel = 'error' | 'warning' | 'fixed';

/** What the importer says about a row, or about the whole file. */
export interface Finding {
  readonly level: FindingLevel;
  /** For programs: a word that does not change. */
  readonly code: string;
  /** Field of ours, such as `wedding_date`; absent: the whole row. */
  readonly field?: ImportField;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** Fields a couple can be imported with, in the order of a template. */
export const IMPORT_FIELDS = [
  'external_id',
  'partner_1_name',
  'partner_2_name',
  'email',
  'partner_2_email',
  'phone',
  'partner_2_phone',
  'wedding_date',
  'wedding_time',
  'zone',
  'status',
  'tags',
  'venue',
  'guest_count',
] as const;
export type ImportField = (typeof IMPORT_FIELDS)[number];

export const errorIn = (field: ImportField, code: string, message: string): Finding => ({
  level: 'error',
  code,
  field,
  message,
});

export const warningIn = (field: ImportField, code: string, message: string): Finding => ({
  level: 'warning',
  code,
  field,
  message,
});

/** A field that was read: its value, or undefined where the cell says nothing, and what there is to say about it. */
export interface Read<T> {
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
}

export const nothing: Read<never> = { value: undefined, findings: [] };
export const plain = <T>(value: T): Read<T> => ({ value, findings: [] });
export const refused = (finding: Finding): Read<never> => ({ value: undefined, findings: [finding] });
