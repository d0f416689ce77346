import { resolve } from 'node:path';

import type { Command } from 'commander';

import { removeWebhook, restoreWebhook } from '../../services/webhooks/remove-webhook.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { sealingKeys } from '../sealing-keys.ts';
import { knownWebhook } from './known-webhook.ts';

/** `wedsync webhooks remove`. */
export function removeCommand(): Command {
  return organizationCommand('remove')
    .description('Remove an endpoint: nothing goes to it any more, and its secret is gone. Its deliveries stay.')
    .argument('<webhook>', 'name or id')
    .addHelpText('after', '\nExample:\n  wedsync webhooks remove crm --organization the-old-barn')
    .action(async (name: string, options: OrganizationOptions) => {
      const { webhook, cancelled } = await inOrganization(options, async (trx) => {
        const webhook = await knownWebhook(trx, name);
        return { webhook, cancelled: await removeWebhook(trx, webhook.id, new Date()) };
      });
      const waited = cancelled === 0 ? '' : ` What waited for it is cancelled (${cancelled}).`;
      const undo = `Back again, with a new secret: wedsync webhooks restore ${webhook.id} --organization ${options.organization}`;
      await print(options, { id: webhook.id, cancelled }, `"${webhook.name}" is removed.${waited}\n${undo}`);
    });
}

/** `wedsync webhooks restore`. */
export function restoreCommand(): Command {
  return organizationCommand('restore')
    .description('Bring a removed endpoint back, with a new secret, which is shown once.')
    .argument('<webhook>', 'name or id (wedsync webhooks list --removed)')
    .action(async (name: string, options: OrganizationOptions) => {
      const keys = await sealingKeys(resolve(options.data), process.env);
      const restored = await inOrganization(options, async (trx, organizationId) =>
        restoreWebhook(trx, organizationId, await knownWebhook(trx, name, true), keys),
      );
      if (!restored.ok) throw new OperatorError(restored.message);
      const { webhook, verifyWith } = restored;
      const words = `The endpoint "${webhook.name}" is on again; headers of its own are gone.\nCheck its signatures with: ${verifyWith}\n(shown this once) What it missed stays cancelled: wedsync webhooks replay --since ...`;
      await print(options, { ...webhook, verifyWith }, words);
    });
}
