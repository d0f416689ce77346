import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

import { listSubmissions, reopenSubmission, revokeFormLink, type SubmissionLine } from '../../db/form-desk.ts';
import { formLinkToken } from '../../db/forms.ts';
import { coupleOf } from '../couple-of.ts';
import { readDevFile } from '../dev/dev-file.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { printable } from '../output/printable.ts';

type CoupleOptions = OrganizationOptions & { client: string };
const CLIENT = '--client <client>';
const WHO = 'id, external id or email address of the couple';

/** `wedsync forms link`: a couple's own way to a form. */
export function linkCommand(): Command {
  return organizationCommand('link')
    .description('Give a couple’s own link to a form. Who has it can read and answer that form, nothing else.')
    .argument('<form>', 'name of the form')
    .requiredOption(CLIENT, WHO)
    .option('--revoke', 'close the link; the next one is another')
    .action(async (form: string, options: CoupleOptions & { revoke?: boolean }) => {
      if (options.revoke === true) {
        const isClosed = await inOrganization(options, async (trx) =>
          revokeFormLink(trx, form, await coupleOf(trx, options.client)),
        );
        if (!isClosed) throw new OperatorError(`The couple has no open link to "${form}".`);
        await print(options, { form, revoked: true }, 'The link is closed.');
        return;
      }
      const token = await inOrganization(options, async (trx) =>
        formLinkToken(trx, form, await coupleOf(trx, options.client)),
      );
      if (token === null) throw new OperatorError(`There is no published form "${form}". See: wedsync forms list`);
      const path = `/f/${token}`;
      const base = await publicUrl(options.data);
      const url = base === null ? path : new URL(path, base).href;
      await print(options, { url }, url);
    });
}

/** `wedsync forms answers`: what couples answered. */
export function answersCommand(): Command {
  return organizationCommand('answers')
    .description('Show what couples answered, the latest first.')
    .argument('<form>', 'name of the form')
    .option('--client <client>', 'only of this couple (id or external id)')
    .option('--limit <number>', 'how many', count, 20)
    .action(async (slug: string, options: OrganizationOptions & { client?: string; limit: number }) => {
      const { client = null, limit } = options;
      const rows = await inOrganization(options, (trx) => listSubmissions(trx, { slug, client, limit }));
      const words = rows.length === 0 ? 'Nobody has answered yet.' : rows.map(inWords).join('\n\n');
      await print(options, rows, words);
    });
}

/** `wedsync forms reopen`: a couple may change what it has sent. */
export function reopenCommand(): Command {
  return organizationCommand('reopen')
    .description('Let a couple change what it has sent: its answers are a draft again.')
    .argument('<form>', 'name of the form')
    .requiredOption(CLIENT, WHO)
    .action(async (form: string, options: CoupleOptions) => {
      const isOpen = await inOrganization(options, async (trx) =>
        reopenSubmission(trx, form, await coupleOf(trx, options.client)),
      );
      if (!isOpen) throw new OperatorError(`The couple has not sent "${form}".`);
      await print(options, { form, reopened: true }, 'The couple can change its answers and send them again.');
    });
}

function inWords({ client, status, version, submittedAt, startedAt, answers }: SubmissionLine): string {
  const when = submittedAt === null ? `begun ${startedAt.toISOString()}` : `sent ${submittedAt.toISOString()}`;
  const lines = Object.entries(answers).map(([key, value]) => `  ${key}: ${printable(valueInWords(value))}`);
  return [`${printable(client)}  ${status}, version ${version ?? 'unknown'}, ${when}`, ...lines].join('\n');
}

function valueInWords(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Where couples reach the API: the setting, else the development set-up; null where neither is known. */
async function publicUrl(dataFolder: string): Promise<string | null> {
  const set = process.env['WEDSYNC_PUBLIC_URL'];
  if (set !== undefined && set !== '') return set;
  return (await readDevFile(dataFolder))?.apiUrl ?? null;
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new InvalidArgumentError('A whole number from 1 to 10000.');
}
