import { parse } from 'csv-parse/sync';
import { z } from 'zod';

import { findOutsideClients, hasInvoice, putOutsidePayment } from '../../db/mapped-changes.ts';
import { orRefused } from '../../db/or-refused.ts';
import type { Trx } from '../../db/tenant.ts';

export const PAYMENT_COLUMNS = [
  'couple',
  'reference',
  'kind',
  'amount',
  'currency',
  'status',
  'due_on',
  'paid_on',
  'refunded',
  'invoice',
] as const;

const amount = z
  .string()
  .trim()
  .regex(/^\d{1,8}(\.\d{1,2})?$/, 'is not an amount such as 1450.00')
  .transform((text) => Math.round(Number(text) * 100));
const absent = z.literal('').transform(() => undefined);
const day = z.union([absent, z.iso.date('is not a date such as 2027-05-01')]).optional();

const rowSchema = z
  .object({
    couple: z.string().trim().min(1, 'is missing: the couple’s external id or email address').max(320),
    reference: z.string().trim().min(1, 'is missing: by it the payment is known again').max(200),
    kind: z
      .string()
      .trim()
      .regex(/^[a-z][a-z0-9_]{0,39}$/, 'is small letters, digits and _, such as deposit'),
    amount: amount.pipe(z.int().min(1, 'is nothing')),
    currency: z
      .string()
      .trim()
      .transform((text) => text.toUpperCase())
      .pipe(
        z.union([
          z.literal('').transform(() => 'GBP'),
          z.string().regex(/^[A-Z]{3}$/, 'is not a currency such as GBP'),
        ]),
      )
      .default('GBP'),
    status: z
      .enum(['pending', 'succeeded', 'failed', 'refunded', 'partially_refunded', 'cancelled'], {
        error: 'is one of pending, succeeded, failed, refunded, partially_refunded, cancelled',
      })
      .default('pending'),
    due_on: day,
    paid_on: day,
    refunded: z.union([absent, amount]).optional(),
    invoice: z.union([absent, z.string().trim().max(60)]).optional(),
  })
  .superRefine((row, context) => {
    if (row.refunded !== undefined && row.refunded > row.amount) {
      context.addIssue({ code: 'custom', path: ['refunded'], message: 'is more than the amount' });
    }
    if (row.status === 'partially_refunded' && row.refunded === undefined) {
      context.addIssue({ code: 'custom', path: ['refunded'], message: 'is missing: how much went back' });
    }
  });

/** Column names of the file to ours, where they differ. */
export type PaymentColumns = Readonly<Record<string, string>>;

export interface PaymentImport {
  /** The columns as the file names them. */
  readonly header: readonly string[];
  readonly imported: number;
  /** `index` counts the rows from 0. */
  readonly refused: {
    readonly index: number;
    readonly line: number;
    readonly cells: readonly string[];
    readonly message: string;
  }[];
}

/**
 * Brings payments from a list, for suppliers without Stripe: a row that is in order is written, another is refused with
 * the reason, also by the database. The same list again changes nothing; a later one leads payments on, never back.
 *
 * @param csv with a heading line naming PAYMENT_COLUMNS, or what `mapping` calls them
 * @throws where it is no CSV, or couple, reference, kind or amount has no column
 */
export async function importPayments(
  trx: Trx,
  csv: string | Buffer,
  mapping: PaymentColumns = {},
): Promise<PaymentImport> {
  const header: string[] = [];
  const rows = parse(csv, {
    bom: true,
    columns: (names: string[]) => {
      header.push(...names);
      return names;
    },
    skip_empty_lines: true,
    info: true,
    relax_column_count_less: true,
  }) as unknown as { record: Record<string, string>; info: { lines: number } }[];
  const refused: PaymentImport['refused'] = [];
  let imported = 0;
  for (const [index, { record, info }] of rows.entries()) {
    const ours = Object.fromEntries(Object.entries(record).map(([name, cell]) => [mapping[name] ?? name, cell]));
    const parsed = rowSchema.safeParse(ours);
    const problem = parsed.success ? await putAlone(trx, parsed.data) : describe(parsed.error);
    if (problem === null) imported += 1;
    else {
      const cells = header.map((name) => record[name] ?? '');
      refused.push({ index, line: info.lines, cells, message: problem });
    }
  }
  return { header, imported, refused };
}

type Row = z.output<typeof rowSchema>;

/** Looking for its couple may be refused too: a name with a NUL cannot even be asked for. Null: it is written. */
async function putAlone(trx: Trx, row: Row): Promise<string | null> {
  const tried = await orRefused(trx, () => put(trx, row));
  return tried.ok ? tried.result : tried.problem.message;
}

async function put(
  trx: Trx,
  { couple, due_on: dueOn, paid_on: paidOn, refunded: amountRefunded, ...payment }: Row,
): Promise<string | null> {
  const [found, another] = await findOutsideClients(trx, { externalId: couple, email: couple.toLowerCase() });
  if (found === undefined) return `couple: there is none with the id or address "${couple}"`;
  if (another !== undefined) return `couple: several have the address "${couple}"; give the external id`;
  const { id: clientId } = found;
  const { invoice } = payment;
  if (invoice !== undefined && !(await hasInvoice(trx, clientId, invoice))) {
    return `invoice: the couple has none with the number "${invoice}"`;
  }
  await putOutsidePayment(trx, { clientId, ...payment, dueOn, paidOn, amountRefunded });
  return null;
}

function describe(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
}
