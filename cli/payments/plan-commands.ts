import { InvalidArgumentError, type Command } from 'commander';

import { listPayments, type PaymentLine } from '../../db/payment-desk.ts';
import { planPayments } from '../../services/payments/plan-payments.ts';
import { coupleOf } from '../couple-of.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { plainTable } from '../output/plain-table.ts';
import { currency, limit, money, pence } from './money.ts';

/** `wedsync payments list`. */
export function listCommand(): Command {
  return organizationCommand('list')
    .description('Show what couples owe and have paid, by due date.')
    .option('--client <client>', 'only of this couple: id, external id or email address')
    .option('--open', 'only what is not paid')
    .option('--limit <number>', 'how many', limit, 100)
    .action(async (options: OrganizationOptions & { client?: string; open?: boolean; limit: number }) => {
      const rows = await inOrganization(options, async (trx) => {
        const clientId = options.client === undefined ? null : await coupleOf(trx, options.client);
        return listPayments(trx, { clientId, isOpen: options.open === true, limit: options.limit });
      });
      const lines = rows.map((row) => [
        row.client,
        row.kind,
        money(row.amount, row.currency),
        row.status,
        dueInWords(row),
        row.invoice ?? '',
      ]);
      const headings = ['COUPLE', 'KIND', 'AMOUNT', 'STATUS', 'DUE', 'INVOICE'];
      await print(options, rows, rows.length === 0 ? 'There is no payment.' : plainTable(headings, lines));
    });
}

function dueInWords({ dueOn, daysFromWedding }: PaymentLine): string {
  if (daysFromWedding === null) return dueOn ?? '';
  const days = Math.abs(daysFromWedding);
  return `${dueOn ?? 'once there is a date'} (${days} days ${daysFromWedding < 0 ? 'before' : 'after'} the wedding)`;
}

type Part = { kind: string; amount: number } & ({ dueOn: string } | { daysFromWedding: number });

/** `wedsync payments plan`. */
export function planCommand(): Command {
  return organizationCommand('plan')
    .description('Give a couple its payment plan; what is due by the wedding moves with it until it is paid.')
    .requiredOption('--client <client>', 'id, external id or email address of the couple')
    .requiredOption(
      '--part <kind:amount:when>',
      'when is a day, or days from the wedding such as -42 (repeatable)',
      part,
    )
    .option('--currency <currency>', 'of all parts', currency, 'GBP')
    .option(
      '--replace',
      'instead of the plan there is: unpaid parts of the same kind are changed, other unpaid ones cancelled',
    )
    .addHelpText(
      'after',
      `
Example:
  wedsync payments plan --client ana@example.com --organization the-caterer \\
    --part deposit:300.00:2026-12-01 --part instalment:450.00:-120 --part balance:1000.00:-42`,
    )
    .action(async (options: OrganizationOptions & PlanOptions) => {
      const planned = await inOrganization(options, async (trx) =>
        planPayments(trx, {
          clientId: await coupleOf(trx, options.client),
          totalAmount: options.part.reduce((sum, { amount }) => sum + amount, 0),
          currency: options.currency,
          parts: options.part,
          replace: options.replace === true,
        }),
      );
      if (!planned.ok) {
        throw new OperatorError(planned.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
      }
      const see = `See: wedsync payments list --client ${options.client} --organization ${options.organization}`;
      await print(options, planned, `${planned.paymentIds.length} payments are planned. ${see}`);
    });
}

type PlanOptions = { client: string; part: Part[]; currency: string; replace?: boolean };

function part(text: string, before: Part[] = []): Part[] {
  const [kind = '', amount = '', when = '', more] = text.split(':');
  const isDays = /^[+-]?\d{1,4}$/.test(when);
  if (kind === '' || more !== undefined || !(isDays || /^\d{4}-\d{2}-\d{2}$/.test(when))) {
    throw new InvalidArgumentError('Write it as balance:1000.00:-42 or deposit:300.00:2026-12-01.');
  }
  const due = isDays ? { daysFromWedding: Number(when) } : { dueOn: when };
  return [...before, { kind, amount: pence(amount), ...due }];
}
