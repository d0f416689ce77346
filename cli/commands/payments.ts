import { readFile } from 'node:fs/promises';

import { Command } from 'commander';

import { importPayments, PAYMENT_COLUMNS } from '../../services/payments/import-payments.ts';
import { invoiceCommand, invoicesCommand } from '../payments/invoice-commands.ts';
import { listCommand, planCommand } from '../payments/plan-commands.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';

/** `wedsync payments`: what couples owe and have paid. */
export function paymentsCommand(): Command {
  const payments = new Command('payments').description('What couples owe and have paid.');
  for (const part of [listCommand(), planCommand(), invoiceCommand(), invoicesCommand(), importCommand()]) {
    payments.addCommand(part);
  }
  return payments;
}

function importCommand(): Command {
  return organizationCommand('import')
    .description('Bring payments from a CSV file, where there is no Stripe. The same file again changes nothing.')
    .argument('<file>', 'a CSV file in UTF-8; its first line names the columns')
    .addHelpText(
      'after',
      `
Columns: ${PAYMENT_COLUMNS.join(', ')}; couple is the external id or an email address, amounts are in
pounds and pence; paid_on (a day), refunded (an amount) and invoice (a number) may stay empty.
Exit codes: 0 every row was brought, 1 some were refused, 2 usage.

Example:
  couple,reference,kind,amount,currency,status,due_on,paid_on
  c-17,INV-9,deposit,300.00,GBP,succeeded,,2026-11-20
  c-17,INV-10,balance,1450.00,GBP,pending,2027-05-01,`,
    )
    .action(async (path: string, options: OrganizationOptions) => {
      const csv = await readFile(path).catch((error: unknown) => {
        throw new OperatorError(`${path} cannot be read: ${reasonOf(error)}.`);
      });
      const result = await inOrganization(options, (trx) => importPayments(trx, csv)).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_')) {
          throw new OperatorError(`${path} is no CSV with a heading line: ${error.message}.`);
        }
        throw error;
      });
      if (result.refused.length > 0) process.exitCode = 1;
      const lines = result.refused.map(({ line, message }) => `line ${line}: ${message}`);
      await print(options, result, [`${result.imported} payments are there.`, ...lines].join('\n'));
    });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
