import { resolve } from 'node:path';

import { contentInUse, type ContentInUse } from '../../db/content-approvals.ts';
import { withTenant } from '../../db/tenant.ts';
import { checkApprovals } from '../../services/templates/check-approvals.ts';
import { createTextSenders } from '../../worker/text-senders.ts';
import { OperatorError } from '../operator-error.ts';
import { organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { openOrganizationDatabase } from '../organization-database.ts';
import { plainTable } from '../output/plain-table.ts';
import { sealingKeys } from '../sealing-keys.ts';
import { placesOf } from './places.ts';

/** `wedsync templates approvals`: what WhatsApp says about the templates in use. */
export function approvalsCommand() {
  return organizationCommand('approvals')
    .description('Ask the provider whether WhatsApp has approved the templates in use; it is asked every night, too.')
    .option('--stored', 'ask nobody, show what was answered last')
    .addHelpText(
      'after',
      `
A template that is not approved is not sent outside of 24 hours after the person wrote: its step fails with
template_not_approved, and the step's other way is taken. The account is the organization's own, else TWILIO_ACCOUNT_SID.

Exit codes: 0 all are approved, 1 at least one is not, 2 usage or the provider could not be asked.

Example:
  wedsync templates approvals --organization wildflower-photography`,
    )
    .action(async (options: OrganizationOptions & { stored?: boolean }) => {
      const data = resolve(options.data);
      const opened = await openOrganizationDatabase(options.organization, data, process.env);
      try {
        const { database, organizationId } = opened;
        const tenant = { organizationId, actor: 'admin:cli' };
        const { twilio } = await placesOf(data);
        const { approvalOf } = createTextSenders({ twilio, keys: await sealingKeys(data, process.env) });
        const templates =
          options.stored === true
            ? await withTenant(database, tenant, contentInUse)
            : await checkApprovals(database, tenant, approvalOf, () => new Date()).catch((error: unknown) => {
                throw new OperatorError(error instanceof Error ? error.message : String(error));
              });
        await print(options, templates, inWords(templates));
        if (templates.some(({ status }) => status !== 'approved')) process.exitCode = 1;
      } finally {
        await opened.close();
      }
    });
}

function inWords(templates: readonly ContentInUse[]): string {
  if (templates.length === 0) return 'No WhatsApp template in use has a contentSid.';
  return plainTable(
    ['Template', 'Language', 'Id', 'WhatsApp says', 'Asked'],
    templates.map(({ name, locale, contentSid, status, rejectionReason, checkedAt }) => [
      name,
      locale,
      contentSid,
      `${status ?? 'nothing yet'}${rejectionReason === null ? '' : `: ${rejectionReason}`}`,
      checkedAt === null ? 'never' : `${checkedAt.toISOString().slice(0, 16)}Z`,
    ]),
  );
}
