import { resolve } from 'node:path';

import { Command, InvalidArgumentError, Option } from 'commander';

import { listClientEvents, listInboundEvents } from '../../db/event-lists.ts';
import { listInboundEndpoints } from '../../db/inbound-desk.ts';
import { UUID } from '../../db/uuid.ts';
import { replayInboundEvents } from '../../services/inbound/replay-inbound-events.ts';
import { sendEvent } from '../../services/inbound/send-event.ts';
import { verifyAgain } from '../../services/inbound/verify-again.ts';
import { addressesCommand, changeCommand, listenCommand } from '../events/address-commands.ts';
import { addressOf } from '../events/address-of.ts';
import { replayedWords, replayKeptReports } from '../events/replay-kept-reports.ts';
import { mapCommand } from '../events/map-command.ts';
import { showCommand, whyNotReplayed } from '../events/show-command.ts';
import { unclaimedCommand } from '../events/unclaimed-command.ts';
import { json } from '../input/json-option.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { clientEventsTable, inboundEventsTable } from '../output/event-tables.ts';
import { sealingKeys } from '../sealing-keys.ts';

/** `wedsync events ...`: what happens to couples, told by us or by other programs. */
export function eventsCommand(): Command {
  const events = new Command('events').description('What happens to couples, told by us or by other programs.');
  const inbound = [
    showCommand(),
    listenCommand(),
    addressesCommand(),
    changeCommand(),
    mapCommand(),
    unclaimedCommand(),
  ];
  for (const part of [send(), list(), replay(), ...inbound]) events.addCommand(part);
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
    .description(
      'Process again what other programs told us, by mapping and secrets as they are now: one, or all that failed.',
    )
    .argument('[event]', 'id of one; without it all that failed, also what could not be verified')
    .option('--address <address>', 'only what came to this one')
    .option('--since <instant>', 'only what came in since then', instant)
    .option('--all', 'also what was done or ignored: doing it again changes nothing that was done')
    .action(async (eventId: string | undefined, options: OrganizationOptions & ReplayOptions) => {
      if (eventId !== undefined && !UUID.test(eventId)) {
        throw new OperatorError(`"${eventId}" is not the id of an event.`);
      }
      const keys = eventId === undefined ? await sealingKeys(resolve(options.data), process.env) : null;
      const { since = null, all } = options;
      const { replayed, verified } = await inOrganization(options, async (trx) => {
        if (keys === null) return { replayed: await replayInboundEvents(trx, { eventId: eventId ?? '' }), verified: 0 };
        const addresses = options.address === undefined ? await listInboundEndpoints(trx) : [{ name: options.address }];
        let verified = 0;
        let replayed = 0;
        for (const { name } of addresses) {
          const endpoint = await addressOf(trx, name);
          verified += await verifyAgain(trx, endpoint, keys, since);
          const choice = { endpointId: endpoint.id, onlyFailed: all !== true, since };
          replayed += await replayInboundEvents(trx, choice);
        }
        return { replayed: all === true ? replayed : replayed + verified, verified };
      });
      const reports =
        options.address === undefined ? await replayKeptReports(options, { eventId: eventId ?? null, since }) : null;
      const words = `${replayed === 1 ? '1 event is' : `${replayed} events are`} processed again.`;
      const more = verified === 0 ? '' : ` ${verified} of them could not be verified before.`;
      const told = reports === null ? [] : replayedWords(reports);
      if (eventId !== undefined && replayed === 0 && told.length === 0) {
        throw new OperatorError(await inOrganization(options, (trx) => whyNotReplayed(trx, eventId)));
      }
      await print(options, { replayed, verified, reports }, [words + more, ...told].join('\n'));
    });
}

type ReplayOptions = { since?: Date; address?: string; all?: boolean };

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
