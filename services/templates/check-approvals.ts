import type { ContentApproval } from '../../channels/content-approval.ts';
import type { Database } from '../../db/database.ts';
import { contentInUse, keepApproval, type ContentInUse } from '../../db/content-approvals.ts';
import { loadIdentity, type MessageIdentity } from '../../db/load-message.ts';
import { addNotice } from '../../db/team-work.ts';
import { withTenant } from '../../db/tenant.ts';

/** Asks the provider about one template, by the organization's account or the platform's. */
export type AskForApproval = (
  whose: { readonly organizationId: string; readonly identity: MessageIdentity | null },
  contentSid: string,
) => Promise<ContentApproval>;

/** What WhatsApp says no to after it was asked, or took back. */
const LOST: ReadonlySet<string> = new Set(['rejected', 'paused', 'disabled', 'missing']);

/**
 * Asks the provider whether WhatsApp has approved the templates that an organization uses, and keeps the answers. The
 * owner is told of one that may not be sent any more. No transaction is open while the provider is asked.
 *
 * @returns the templates with what is known of them now
 * @throws what `ask` throws: the answers before it are kept
 */
export async function checkApprovals(
  database: Database,
  { organizationId, actor }: { organizationId: string; actor: string },
  ask: AskForApproval,
  now: () => Date,
): Promise<ContentInUse[]> {
  const tenant = { organizationId, actor };
  const { templates, identity } = await withTenant(database, tenant, async (trx) => ({
    templates: await contentInUse(trx),
    identity: await loadIdentity(trx, 'whatsapp'),
  }));
  const named = Map.groupBy(templates, ({ contentSid }) => contentSid);
  for (const [contentSid, [template]] of named) {
    const approval = await ask({ organizationId, identity }, contentSid);
    await withTenant(database, tenant, async (trx) => {
      const at = now();
      const before = await keepApproval(trx, { contentSid, ...approval, at });
      if (before === approval.status || !LOST.has(approval.status)) return;
      const reason = approval.rejectionReason === null ? '' : ` The reason given: ${approval.rejectionReason}.`;
      await addNotice(trx, {
        kind: 'template_approval',
        dedupKey: `template_approval/${contentSid}/${approval.status}/${at.toISOString()}`,
        title: `WhatsApp does not let "${template?.name ?? contentSid}" be sent: ${approval.status}`,
        body: `Outside of a conversation its messages fail, and the step's other way is taken.${reason}`,
      });
    });
  }
  return withTenant(database, tenant, contentInUse);
}
