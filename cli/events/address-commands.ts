import { resolve } from 'node:path';

import { InvalidArgumentError, Option, type Command } from 'commander';

import { databaseProblem } from '../../db/database-problem.ts';
import { listInboundEndpoints, type InboundLine } from '../../db/inbound-desk.ts';
import type { InboundProvider } from '../../db/inbound.ts';
import { changeInboundEndpoint } from '../../services/inbound/change-inbound-endpoint.ts';
import { createInboundEndpoint } from '../../services/inbound/create-inbound-endpoint.ts';
import { json } from '../input/json-option.ts';
import { readSecret, SECRET_HELP } from '../input/read-secret.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { plainTable } from '../output/plain-table.ts';
import { sealingKeys } from '../sealing-keys.ts';
import { addressOf } from './address-of.ts';
import { readMapping } from './read-mapping.ts';

/** `wedsync events listen`. */
export function listenCommand(): Command {
  return organizationCommand('listen')
    .description('Open an address to which another program may tell us things. It is shown once.')
    .requiredOption('--name <name>', 'what people call it')
    .addOption(new Option('--provider <provider>', 'how it signs').choices(PROVIDERS).makeOptionMandatory())
    .requiredOption('--secret <secret>', 'as the sender shows it (repeatable while one replaces the other)', collect)
    .option('--mapping <file>', 'what its events mean (YAML or JSON); not for stripe')
    .option('--signature <json>', 'for hmac and token: {"header": "x-signature"} and the like', json)
    .option(
      '--account <id>',
      'the connected Stripe account (acct_...): look in Stripe that it is theirs, see below',
      account,
    )
    .option('--sandbox', 'for test events; live ones change nothing then')
    .addHelpText(
      'after',
      `
--account says whose are the events that come to the platform's own Stripe address. Nothing in an event proves that the
account is this organization's: whoever gives it looks into the accounts that are connected to the platform in Stripe's
dashboard first. One account belongs to one organization.`,
    )
    .action(async (options: OrganizationOptions & ListenOptions) => {
      if (options.account !== undefined && options.provider !== 'stripe') {
        throw new OperatorError('--account is for --provider stripe only.');
      }
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
      ).catch((error: unknown) => {
        const problem = databaseProblem(error);
        throw problem === null ? error : new OperatorError(problem.message);
      });
      const path = pathOf(provider, created.token);
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

function pathOf(provider: InboundProvider, token: string): string {
  return provider === 'stripe' ? `/integrations/stripe/webhook/${token}` : `/hooks/${token}`;
}

/** `wedsync events addresses`. */
export function addressesCommand(): Command {
  return organizationCommand('addresses')
    .description('Show the addresses at which other programs tell us things, and how they fare.')
    .action(async (options: OrganizationOptions) => {
      const rows = await inOrganization(options, listInboundEndpoints);
      const lines = rows.map((row) => [
        row.name,
        row.account ?? row.provider,
        stateOf(row),
        `${row.received} received, ${row.failed} failed`,
        row.lastAt?.toISOString() ?? 'never',
      ]);
      const nothing = 'No program can tell us anything yet. Open an address: wedsync events listen --help';
      const headings = ['ADDRESS', 'FROM', 'STATE', 'LAST 30 DAYS', 'LAST'];
      await print(options, rows, rows.length === 0 ? nothing : plainTable(headings, lines));
    });
}

function stateOf({ isActive, isLive, hasMapping, provider }: InboundLine): string {
  if (!isActive) return 'off';
  if (provider !== 'stripe' && !hasMapping) return 'on, no mapping';
  return isLive ? 'on' : 'on, test events';
}

type ChangeOptions = {
  mapping?: string;
  secret?: string[];
  addSecret?: string;
  renew?: boolean;
  on?: boolean;
  off?: boolean;
};

/** `wedsync events change`. */
export function changeCommand(): Command {
  return organizationCommand('change')
    .description('Change an address: its mapping, its secrets, whether it is on. What failed can be replayed then.')
    .argument('<address>', 'name or id')
    .option('--mapping <file>', 'what its events mean from now on (YAML or JSON)')
    .option('--secret <secret>', 'instead of those there are (repeatable); - or env:NAME', collect)
    .option('--add-secret <secret>', 'beside those there are, while the sender changes to it; - or env:NAME')
    .option('--renew', 'another address, shown once; the old one is closed at once')
    .addOption(new Option('--off', 'take nothing more').conflicts('on'))
    .option('--on', 'take events again')
    .addHelpText(
      'after',
      `${SECRET_HELP}\n\nExamples:\n  wedsync events change crm --mapping crm.yaml --organization the-caterer\n  wedsync events replay --address crm --organization the-caterer`,
    )
    .action(async (address: string, options: OrganizationOptions & ChangeOptions) => {
      const { renew, on, off } = options;
      const addSecret =
        options.addSecret === undefined ? undefined : await readSecret(options.addSecret, '--add-secret');
      const secret = await readSecrets(options.secret);
      const mapping = options.mapping === undefined ? undefined : await readMapping(options.mapping);
      if ([mapping, secret, addSecret, renew, on, off].every((value) => value === undefined)) {
        throw new OperatorError('Say what to change: --mapping, --secret, --add-secret, --renew, --on or --off.');
      }
      const keys = await sealingKeys(resolve(options.data), process.env);
      const { endpoint, token } = await inOrganization(options, async (trx) => {
        const endpoint = await addressOf(trx, address);
        const isActive = off === true ? false : on;
        const change = { secrets: secret, addSecret, renew, mapping, isActive };
        return { endpoint, ...(await changeInboundEndpoint(trx, endpoint, change, keys)) };
      });
      const path = token === null ? null : pathOf(endpoint.provider, token);
      const shown = path === null ? '' : ` Its new address on our API (shown this once): ${path}`;
      await print(options, { id: endpoint.id, path }, `"${address}" is changed.${shown}`);
    });
}

async function readSecrets(given: readonly string[] | undefined): Promise<string[] | undefined> {
  if (given === undefined) return undefined;
  const secrets: string[] = [];
  for (const one of given) secrets.push(await readSecret(one, '--secret'));
  return secrets;
}

function account(text: string): string {
  if (/^acct_[A-Za-z0-9]{1,60}$/.test(text)) return text;
  throw new InvalidArgumentError('An account as Stripe names it, such as acct_1NZ...');
}

function collect(secret: string, before: string[] = []): string[] {
  return [...before, secret];
}
