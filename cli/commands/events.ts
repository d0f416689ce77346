import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';

import { applyMapping } from '../../channels/intake/apply-mapping.ts';
import { mappingSchema } from '../../channels/intake/mapping-schema.ts';
import { listClientEvents, listInboundEvents } from '../../db/event-lists.ts';
import type { InboundProvider } from '../../db/inbound.ts';
import { readYaml } from '../../journeys/read-yaml.ts';
import { createInboundEndpoint } from '../../services/inbound/create-inbound-endpoint.ts';
import { replayInboundEvents } from '../../services/inbound/replay-inbound-events.ts';
import { sendEvent } from '../../services/inbound/send-event.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { clientEventsTable, inboundEventsTable } from '../output/event-tables.ts';
import { sealingKeys } from '../sealing-keys.ts';

/** `wedsync events ...`: what happens to couples, told by us or by other programs. */
export function eventsCommand(): Command {
  const events = new Command('events').description('What happens to couples, told by us or by other programs.');
  for (const part of [send(), list(), replay(), listen(), map()]) events.addCommand(part);
  return events;
}

function send(): Command {
  return organizationCommand('send')
    .description('Tell a couple’s journeys that something happened.')
    .argument('<name>', 'name of the event, such as tasting.booked')
    .requiredOption('--client <client>', 'id, external id or email address of the couple')
    .option('--with <json>', 'what match and conditions compare, such as {"menu":"B"}', json, {})
    .option('--at <instant>', 'when it happened; default now')
    .option('--key <key>', 'the same key is the same event, told once')
    .addHelpText(
      'after',
      '\nExample:\n  wedsync events send tasting.booked --organization the-caterer --client ana@example.com --with \'{"menu":"B"}\'',
    )
    .action(async (name: string, options: OrganizationOptions & SendOptions) => {
      const { client, with: data, at, key } = options;
      const sent = await inOrganization(options, (trx) => sendEvent(trx, { client, name, data, at, key }));
      if (!sent.ok) throw new OperatorError(sent.message);
      await print(
        options,
        sent,
        sent.isNew ? `Told: ${name}.` : 'An event with this key was told before; nothing was done.',
      );
    });
}

type SendOptions = { client: string; with: unknown; at?: string; key?: string };

function list(): Command {
  return organizationCommand('list')
    .description('Show what happened to couples, or what other programs told us.')
    .option('--client <client>', 'only of this couple (id or external id)')
    .option('--inbound', 'what other programs told us, with what became of it')
    .addOption(new Option('--status <status>', 'of what came in').choices(STATUSES))
    .option('--limit <number>', 'how many, the latest first', count, 50)
    .action(async (options: OrganizationOptions & ListOptions) => {
      const { limit, status = null, client = null } = options;
      if (options.inbound === true || status !== null) {
        const rows = await inOrganization(options, (trx) => listInboundEvents(trx, { status, limit }));
        await print(options, rows, inboundEventsTable(rows));
        return;
      }
      const rows = await inOrganization(options, (trx) => listClientEvents(trx, { client, limit }));
      await print(options, rows, clientEventsTable(rows));
    });
}

const STATUSES = ['pending', 'processing', 'processed', 'failed', 'ignored'];
type ListOptions = { client?: string; inbound?: boolean; status?: string; limit: number };

function replay(): Command {
  return organizationCommand('replay')
    .description('Process again what other programs told us, by the mapping as it is now.')
    .argument('[event]', 'id of one; without it all that failed')
    .option('--since <instant>', 'only what came in since then', instant)
    .action(async (eventId: string | undefined, options: OrganizationOptions & { since?: Date }) => {
      const choice =
        eventId === undefined ? { endpointId: null, onlyFailed: true, since: options.since ?? null } : { eventId };
      if (eventId !== undefined && !UUID.test(eventId))
        throw new OperatorError(`"${eventId}" is not the id of an event.`);
      const replayed = await inOrganization(options, (trx) => replayInboundEvents(trx, choice));
      await print(
        options,
        { replayed },
        `${replayed === 1 ? '1 event is' : `${replayed} events are`} processed again.`,
      );
    });
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function listen(): Command {
  return organizationCommand('listen')
    .description('Open an address to which another program may tell us things. It is shown once.')
    .requiredOption('--name <name>', 'what people call it')
    .addOption(new Option('--provider <provider>', 'how it signs').choices(PROVIDERS).makeOptionMandatory())
    .requiredOption('--secret <secret>', 'as the sender shows it (repeatable while one replaces the other)', collect)
    .option('--mapping <file>', 'what its events mean (YAML or JSON); not for stripe')
    .option('--signature <json>', 'for hmac and token: {"header": "x-signature"} and the like', json)
    .option('--account <id>', 'the connected Stripe account (acct_...)')
    .option('--sandbox', 'for test events; live ones change nothing then')
    .action(async (options: OrganizationOptions & ListenOptions) => {
      const keys = await sealingKeys(resolve(options.data), process.env);
      const mapping = options.mapping === undefined ? undefined : await readMapping(options.mapping);
      const { name, provider, secret, signature, account, sandbox } = options;
      const created = await inOrganization(options, (trx, organizationId) =>
        createInboundEndpoint(
          trx,
          organizationId,
          {
            name,
            provider,
            secrets: secret,
            isLive: sandbox !== true,
            ...(signature === undefined ? {} : { signature }),
            ...(account === undefined ? {} : { accountRef: account }),
            ...(mapping === undefined ? {} : { mapping }),
          },
          keys,
        ),
      );
      const path = provider === 'stripe' ? `/integrations/stripe/webhook/${created.token}` : `/hooks/${created.token}`;
      await print(options, { id: created.id, path }, `Its address on our API (shown this once): ${path}`);
    });
}

const PROVIDERS = ['stripe', 'standard_webhooks', 'hmac', 'token'];
type ListenOptions = {
  name: string;
  provider: InboundProvider;
  secret: string[];
  mapping?: string;
  signature?: unknown;
  account?: string;
  sandbox?: boolean;
};

function map(): Command {
  return new Command('map')
    .description('Try a mapping on a sample message: what would be done. Needs no database.')
    .argument('<mapping>', 'the mapping (YAML or JSON)')
    .argument('<message>', 'a message of the other program (JSON)')
    .action(async (mappingPath: string, messagePath: string) => {
      const mapping = await readMapping(mappingPath);
      const outcome = applyMapping(mapping, await readMessage(messagePath));
      if (outcome.kind === 'problems') process.exitCode = 1;
      await print({ json: true }, outcome, '');
    });
}

async function readMapping(path: string) {
  const yaml = readYaml(await read(path));
  if (!yaml.ok) throw new OperatorError(`${path}: ${yaml.problems.map(({ message }) => message).join(' ')}`);
  const parsed = mappingSchema.safeParse(yaml.value);
  if (!parsed.success) throw new OperatorError(`${path} is no mapping:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function readMessage(path: string): Promise<unknown> {
  const text = await read(path);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new OperatorError(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new OperatorError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`This is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function collect(secret: string, before: string[] = []): string[] {
  return [...before, secret];
}

function instant(text: string): Date {
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('An instant such as 2026-11-20T10:00:00Z.');
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new InvalidArgumentError('A whole number from 1 to 10000.');
}
