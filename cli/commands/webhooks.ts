import { resolve } from 'node:path';

import { Command, InvalidArgumentError, Option } from 'commander';

import { parseAllowList } from '../../channels/webhook/allow-list.ts';
import type { Trx } from '../../db/tenant.ts';
import {
  findWebhook,
  listAttempts,
  listDeliveries,
  listWebhooks,
  replayDeliveries,
  switchWebhook,
  type WebhookRow,
} from '../../db/webhooks.ts';
import { changeWebhook } from '../../services/webhooks/change-webhook.ts';
import { createWebhook } from '../../services/webhooks/create-webhook.ts';
import { rotateWebhookSecret } from '../../services/webhooks/rotate-webhook-secret.ts';
import { sendTestEvent } from '../../services/webhooks/send-test-event.ts';
import { WEBHOOK_EVENTS } from '../../services/webhooks/webhook-events.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { attemptsTable, deliveriesTable, webhooksTable } from '../output/webhook-tables.ts';
import { sealingKeys } from '../sealing-keys.ts';
import { knownWebhook } from '../webhooks/known-webhook.ts';
import { removeCommand, restoreCommand } from '../webhooks/remove-commands.ts';
import { verifyCommand } from '../webhooks/verify-command.ts';
import { UUID } from '../../db/uuid.ts';

const HOUR_MS = 3_600_000;

/** `wedsync webhooks ...`: telling other programs what happens in journeys. */
export function webhooksCommand(): Command {
  const webhooks = new Command('webhooks').description('Tell other programs what happens in journeys.');
  const parts = [
    create(),
    change(),
    list(),
    test(),
    deliveries(),
    replay(),
    rotate(),
    turn('on'),
    turn('off'),
    removeCommand(),
    restoreCommand(),
    verifyCommand(),
  ];
  for (const part of parts) webhooks.addCommand(part);
  return webhooks;
}

function create(): Command {
  const events = Object.entries(WEBHOOK_EVENTS).map(([event, meaning]) => `  ${event.padEnd(26)}${meaning}`);
  return organizationCommand('create')
    .description('Add an endpoint. Its secret is shown once.')
    .requiredOption('--name <name>', 'what people call it')
    .requiredOption('--url <url>', 'https address that takes a POST')
    .option('--events <list>', 'what it is told, separated by commas; * for everything', '*')
    .addOption(
      new Option('--signature <kind>', 'shared secret or key pair').choices(['hmac', 'ed25519']).default('hmac'),
    )
    .option('--ordered', 'what concerns one couple arrives in order')
    .option('--header <name: value>', 'a header of its own, such as "Authorization: Bearer x" (repeatable)', header, {})
    .addHelpText('after', `\nEvents:\n${events.join('\n')}`)
    .action(async (options: OrganizationOptions & CreateOptions) => {
      const keys = await sealingKeys(resolve(options.data), process.env);
      const allowList = allowed();
      const { name, url, signature, header: headers } = options;
      const input = {
        name,
        url,
        signature,
        headers,
        isOrdered: options.ordered === true,
        events: split(options.events),
      };
      const created = await inOrganization(options, (trx, organizationId) =>
        createWebhook(trx, organizationId, input, { sealingKeys: keys, allowList }),
      );
      if (!created.ok) {
        throw new OperatorError(created.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
      }
      const { webhook, verifyWith } = created;
      const words = `The endpoint "${webhook.name}" is on.\nCheck its signatures with: ${verifyWith}\n(shown this once)`;
      await print(options, { ...webhook, verifyWith }, words);
    });
}

type CreateOptions = {
  name: string;
  url: string;
  events: string;
  signature: string;
  ordered?: boolean;
  header: Record<string, string>;
};

function change(): Command {
  return organizationCommand('change')
    .description('Change where an endpoint is, what it is told, or whether in order. Its secret stays.')
    .argument('<webhook>', 'name or id')
    .option('--url <url>', 'https address that takes a POST; what waits goes there too')
    .option('--events <list>', 'what it is told, separated by commas; * for everything')
    .option('--ordered', 'what concerns one couple arrives in order')
    .option('--no-ordered', 'in any order, and sooner')
    .action(
      async (name: string, options: OrganizationOptions & { url?: string; events?: string; ordered?: boolean }) => {
        const { url, events, ordered: isOrdered } = options;
        if (url === undefined && events === undefined && isOrdered === undefined) {
          throw new OperatorError('Say what to change: --url, --events, --ordered or --no-ordered.');
        }
        const input = { url, events: events === undefined ? undefined : split(events), isOrdered };
        const allowList = allowed();
        const { changed, webhook } = await inOrganization(options, async (trx) => {
          const changed = await changeWebhook(trx, (await knownWebhook(trx, name)).id, input, allowList);
          return { changed, webhook: await knownWebhook(trx, name) };
        });
        if (!changed.ok) {
          throw new OperatorError(changed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
        }
        await print(options, webhook, `The endpoint "${webhook.name}" is changed.`);
      },
    );
}

function list(): Command {
  return organizationCommand('list')
    .description('Show the endpoints and how they fare.')
    .option('--removed', 'those that were removed')
    .action(async (options: OrganizationOptions & { removed?: boolean }) => {
      const rows = await inOrganization(options, (trx) => listWebhooks(trx, options.removed === true));
      const none = options.removed === true ? 'No endpoint was removed.' : undefined;
      await print(options, rows, webhooksTable(rows, none));
    });
}

function test(): Command {
  return organizationCommand('test')
    .description('Send a test event; a worker delivers it.')
    .argument('<webhook>', 'name or id')
    .action(async (name: string, options: OrganizationOptions) => {
      const deliveryId = await inOrganization(options, async (trx) =>
        sendTestEvent(trx, (await knownWebhook(trx, name)).id, new Date()),
      );
      const words = `Sent as delivery ${deliveryId}.\nSee what came of it: wedsync webhooks deliveries ${deliveryId} --organization ${options.organization}`;
      await print(options, { deliveryId }, words);
    });
}

function deliveries(): Command {
  return organizationCommand('deliveries')
    .description('Show deliveries, or every attempt of one.')
    .argument('[delivery]', 'id of a delivery, for its attempts')
    .option('--webhook <webhook>', 'only of this endpoint, also of a removed one')
    .addOption(new Option('--status <status>', 'only these').choices(STATUSES))
    .option('--limit <number>', 'how many, the latest first', count, 50)
    .action(async (deliveryId: string | undefined, options: OrganizationOptions & ListOptions) => {
      if (deliveryId !== undefined) {
        if (!UUID.test(deliveryId)) throw new OperatorError(`"${deliveryId}" is not the id of a delivery.`);
        const attempts = await inOrganization(options, (trx) => listAttempts(trx, deliveryId));
        await print(options, attempts, attemptsTable(attempts));
        return;
      }
      const rows = await inOrganization(options, async (trx) => {
        const webhookId = options.webhook === undefined ? null : (await evenRemoved(trx, options.webhook)).id;
        return listDeliveries(trx, { webhookId, status: options.status ?? null, limit: options.limit });
      });
      await print(options, rows, deliveriesTable(rows));
    });
}

const STATUSES = ['pending', 'failed', 'succeeded', 'exhausted', 'cancelled'];
type ListOptions = { webhook?: string; status?: string; limit: number };

/** What went to an endpoint can be looked at after it was removed. */
async function evenRemoved(trx: Trx, name: string): Promise<WebhookRow> {
  return (await findWebhook(trx, name)) ?? (await findWebhook(trx, name, true)) ?? knownWebhook(trx, name);
}

function replay(): Command {
  return organizationCommand('replay')
    .description('Send again under the same id: one delivery, or those since a time.')
    .argument('[delivery]', 'id of a delivery')
    .option('--since <instant>', 'those whose event came at or after this, such as 2026-11-20T10:00:00Z', instant)
    .option('--until <instant>', 'and before this', instant)
    .option('--webhook <webhook>', 'only of this endpoint')
    .option('--all', 'also those that arrived; without it only those that did not')
    .action(async (deliveryId: string | undefined, options: OrganizationOptions & ReplayOptions) => {
      if ((deliveryId === undefined) === (options.since === undefined)) {
        throw new OperatorError('Say what to replay: the id of a delivery, or --since an instant.');
      }
      const replayed = await inOrganization(options, async (trx) => {
        if (deliveryId !== undefined) return replayDeliveries(trx, { deliveryId });
        const webhookId = options.webhook === undefined ? null : (await knownWebhook(trx, options.webhook)).id;
        const { since = new Date(), until = null, all } = options;
        return replayDeliveries(trx, { webhookId, since, until, onlyFailed: all !== true });
      });
      await print(
        options,
        { replayed },
        `${replayed === 1 ? '1 delivery is' : `${replayed} deliveries are`} sent again.`,
      );
    });
}

type ReplayOptions = { since?: Date; until?: Date; webhook?: string; all?: boolean };

function rotate(): Command {
  return organizationCommand('rotate-secret')
    .description('Give an endpoint a new secret; the old one is good beside it for a while.')
    .argument('<webhook>', 'name or id')
    .option('--overlap <hours>', 'for how long, 0 to 168', hours, 24)
    .action(async (name: string, options: OrganizationOptions & { overlap: number }) => {
      const keys = await sealingKeys(resolve(options.data), process.env);
      const rotated = await inOrganization(options, async (trx, organizationId) =>
        rotateWebhookSecret(trx, organizationId, await knownWebhook(trx, name), {
          sealingKeys: keys,
          now: new Date(),
          overlapMs: options.overlap * HOUR_MS,
        }),
      );
      const until =
        rotated.oldUntil === null
          ? 'The old one is no longer good.'
          : `The old one is good until ${rotated.oldUntil.toISOString()}.`;
      await print(options, rotated, `Check signatures with: ${rotated.verifyWith}\n(shown this once) ${until}`);
    });
}

function turn(direction: 'on' | 'off'): Command {
  const isOn = direction === 'on';
  return organizationCommand(direction)
    .description(isOn ? 'Switch an endpoint on again.' : 'Switch an endpoint off; what waits for it is cancelled.')
    .argument('<webhook>', 'name or id')
    .action(async (name: string, options: OrganizationOptions) => {
      const webhook = await inOrganization(options, async (trx) => {
        const found = await knownWebhook(trx, name);
        await switchWebhook(trx, found.id, isOn, isOn ? null : 'Switched off by a person.', new Date());
        return found;
      });
      const missed = isOn ? ' Replay what it missed: wedsync webhooks replay --since ...' : '';
      await print(options, { id: webhook.id, isActive: isOn }, `"${webhook.name}" is ${direction}.${missed}`);
    });
}

function allowed() {
  const parsed = parseAllowList(process.env['WEBHOOK_ALLOW_LIST'] ?? '');
  if (!parsed.ok) throw new OperatorError(`WEBHOOK_ALLOW_LIST: ${parsed.message}`);
  return parsed.list;
}

function split(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function header(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf(':');
  if (at < 1) throw new InvalidArgumentError('Write it as "Name: value".');
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
}

function instant(text: string): Date {
  const date = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}(T.*(Z|[+-]\d{2}:\d{2}))?$/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('An instant with its zone, such as 2026-11-20T10:00:00Z, or a date.');
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new InvalidArgumentError('A whole number from 1 to 10000.');
}

function hours(text: string): number {
  const number = Number(text);
  if (text !== '' && number >= 0 && number <= 168) return number;
  throw new InvalidArgumentError('A number of hours from 0 to 168.');
}
