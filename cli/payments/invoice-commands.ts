import type { Command } from 'commander';

import { listInvoices } from '../../db/payment-desk.ts';
import { issueInvoice } from '../../services/payments/issue-invoice.ts';
import { coupleOf } from '../couple-of.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { plainTable } from '../output/plain-table.ts';
import { currency, limit, money, pence } from './money.ts';

/** `wedsync payments invoice`. */
export function invoiceCommand(): Command {
  return organizationCommand('invoice')
    .description('Issue an invoice under the next number of the year.')
    .requiredOption('--client <client>', 'id, external id or email address of the couple')
    .requiredOption('--amount <amount>', 'without tax, such as 1450.00', pence)
    .option('--tax <amount>', 'tax on top of it', pence, 0)
    .option('--currency <currency>', 'of both', currency, 'GBP')
    .option('--due <day>', 'when it is to be paid; from the day after it is overdue')
    .option('--payment <id>', 'the payment that it asks for: once that has come, the invoice is paid')
    .addHelpText(
      'after',
      '\nExample:\n  wedsync payments invoice --client ana@example.com --amount 1450.00 --due 2027-05-01 --organization the-caterer',
    )
    .action(async (options: OrganizationOptions & InvoiceOptions) => {
      const { amount: subtotalAmount, tax: taxAmount, due: dueOn, payment: paymentId } = options;
      const issued = await inOrganization(options, async (trx) =>
        issueInvoice(
          trx,
          {
            clientId: await coupleOf(trx, options.client),
            subtotalAmount,
            taxAmount,
            currency: options.currency,
            ...(dueOn === undefined ? {} : { dueOn }),
            ...(paymentId === undefined ? {} : { paymentId }),
          },
          new Date(),
        ),
      );
      if (!issued.ok) {
        throw new OperatorError(issued.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
      }
      await print(options, issued, `Invoice ${issued.number} is issued.`);
    });
}

type InvoiceOptions = {
  client: string;
  amount: number;
  tax: number;
  currency: string;
  due?: string;
  payment?: string;
};

/** `wedsync payments invoices`. */
export function invoicesCommand(): Command {
  return organizationCommand('invoices')
    .description('Show invoices, the latest first.')
    .option('--client <client>', 'only of this couple: id, external id or email address')
    .option('--limit <number>', 'how many', limit, 100)
    .action(async (options: OrganizationOptions & { client?: string; limit: number }) => {
      const rows = await inOrganization(options, async (trx) => {
        const clientId = options.client === undefined ? null : await coupleOf(trx, options.client);
        return listInvoices(trx, { clientId, limit: options.limit });
      });
      const lines = rows.map((row) => [
        row.number,
        row.client,
        row.status,
        money(row.totalAmount, row.currency),
        money(row.amountPaid, row.currency),
        row.dueOn ?? '',
      ]);
      const headings = ['NUMBER', 'COUPLE', 'STATUS', 'TOTAL', 'PAID', 'DUE'];
      await print(options, rows, rows.length === 0 ? 'There is no invoice.' : plainTable(headings, lines));
    });
}
