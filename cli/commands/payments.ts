import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { Command, InvalidArgumentError } from 'commander';

import { bringPayments, retryPayments, type BroughtPayments } from '../../services/payments/bring-payments.ts';
import { PAYMENT_COLUMNS, type PaymentColumns } from '../../services/payments/import-payments.ts';
import { assertOneSource, keptWords, nothingKept, refusedCommand } from '../input/refused-command.ts';
import { invoiceCommand, invoicesCommand } from '../payments/invoice-commands.ts';
import { listCommand, planCommand } from '../payments/plan-commands.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';

/** `wedsync payments`: what couples owe and have paid. */
export function paymentsCommand(): Command {
  const payments = new Command('payments').description('What couples owe and have paid.');
  const parts = [listCommand(), planCommand(), invoiceCommand(), invoicesCommand(), importCommand()];
  for (const part of [...parts, refusedCommand('payments')]) payments.addCommand(part);
  return payments;
}

function importCommand(): Command {
  return organizationCommand('import')
    .description('Bring payments from a CSV file, where there is no Stripe. The same file again changes nothing.')
    .argument('[file]', 'a CSV file in UTF-8; its first line names the columns')
    .option('--map <column=ours>', 'what a column holds, where its name does not say it (repeatable)', parseMap, {})
    .option('--retry <import>', 'instead of a file: what was refused of an earlier one (wedsync payments refused)')
    .addHelpText(
      'after',
      `
Columns: ${PAYMENT_COLUMNS.join(', ')}; couple is the external id or an email address, amounts are in
pounds and pence; paid_on (a day), refunded (an amount) and invoice (a number) may stay empty.
Refused rows are kept for 90 days: correct what they say is wrong (--map, a couple that is not there yet), then --retry.
Exit codes: 0 every row was brought, 1 some were refused, 2 usage.

Example:
  couple,reference,kind,amount,currency,status,due_on,paid_on
  c-17,INV-9,deposit,300.00,GBP,succeeded,,2026-11-20
  c-17,INV-10,balance,1450.00,GBP,pending,2027-05-01,`,
    )
    .action(async (path: string | undefined, options: OrganizationOptions & ImportOptions) => {
      const result = await bring(path, options);
      if (result.problem !== null) throw new OperatorError(`${path ?? ''} cannot be read. ${result.problem}`);
      if (result.refused.length > 0) process.exitCode = 1;
      const lines = result.refused.map(({ line, message }) => `line ${line}: ${message}`);
      const kept = keptWords('payments', result.importId, options.organization);
      const words = [`${result.imported} payments are there.`, ...lines, ...(kept === null ? [] : [kept])];
      await print(options, result, words.join('\n'));
    });
}

type ImportOptions = { map: PaymentColumns; retry?: string };

async function bring(path: string | undefined, options: OrganizationOptions & ImportOptions): Promise<BroughtPayments> {
  const { retry, map } = options;
  assertOneSource(path, retry);
  if (path === undefined) {
    const brought = await inOrganization(options, (trx) => retryPayments(trx, retry ?? '', map));
    if (brought === null) throw nothingKept('payments', retry ?? '');
    return brought;
  }
  const file = await readFile(path).catch((error: unknown) => {
    throw new OperatorError(`${path} cannot be read: ${reasonOf(error)}.`);
  });
  return inOrganization(options, (trx) => bringPayments(trx, { fileName: basename(path), file }, map));
}

function parseMap(text: string, before: PaymentColumns): PaymentColumns {
  const at = text.lastIndexOf('=');
  const [column, ours] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at >= 1 && PAYMENT_COLUMNS.some((known) => known === ours)) return { ...before, [column]: ours };
  throw new InvalidArgumentError(`Write it as "Their column=ours", with one of: ${PAYMENT_COLUMNS.join(', ')}.`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
