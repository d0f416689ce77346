import type { Command } from 'commander';

import { findInboundEvent, type InboundEventDetails } from '../../db/event-lists.ts';
import type { Trx } from '../../db/tenant.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print } from '../organization-command.ts';
import { printable } from '../output/printable.ts';
import { UUID } from '../../db/uuid.ts';

/** `wedsync events show`: one of what other programs told us, with all that was kept of it. */
export function showCommand(): Command {
  return organizationCommand('show')
    .description('Show one of what other programs told us: what came, what became of it, and why.')
    .argument('<event>', 'id of the event, as events list --inbound shows it')
    .addHelpText(
      'after',
      '\nExample:\n  wedsync events show 0190c0de-0000-7000-8000-000000000001 --organization the-caterer',
    )
    .action(async (id: string, options) => {
      const event = await inOrganization(options, (trx) => eventOf(trx, id));
      await print(options, event, inWords(event));
    });
}

/** Why a replay of this one did nothing, and what to do instead. */
export async function whyNotReplayed(trx: Trx, id: string): Promise<string> {
  const event = await eventOf(trx, id);
  const { endpoint, verified, address } = event;
  if (!isKept(event)) {
    return `There is nothing to process again: the body of this event was not kept (${event.reason ?? 'it was too large'}) Have its sender send it again, in smaller parts.`;
  }
  if (address && !verified) {
    return `It could not be verified. "wedsync events replay --address ${endpoint ?? ''}" checks it again, with the secrets as they are now.`;
  }
  return 'It is done; there is nothing to do again.';
}

async function eventOf(trx: Trx, id: string): Promise<InboundEventDetails> {
  const event = UUID.test(id) ? await findInboundEvent(trx, id) : null;
  if (event === null) throw new OperatorError(`There is no event "${id}". See: wedsync events list --inbound`);
  return event;
}

/** What was refused unread (too large) has neither bytes nor a payload. */
function isKept({ body, payload }: InboundEventDetails): boolean {
  return body !== null || (payload !== null && JSON.stringify(payload) !== '{}');
}

function inWords(event: InboundEventDetails): string {
  const { headers, body, payload } = event;
  const size = headers['content-length'];
  const lines = [
    ['Received', event.receivedAt.toISOString()],
    ['From', event.endpoint ?? ''],
    ['Event', event.eventType || 'not known'],
    ['Status', event.verified ? event.status : `${event.status}, not verified`],
    ['Reason', event.reason ?? ''],
    ['Size', size === undefined ? '' : `${size} bytes`],
    ...Object.entries(headers).map(([name, value]) => [name, value]),
  ].flatMap(([name = '', value = '']) => (value === '' ? [] : [`${name.padEnd(12)} ${printable(value)}`]));
  const came = body ?? (isKept(event) ? JSON.stringify(payload, null, 2) : null);
  return [...lines, '', came === null ? 'Its body was not kept.' : came.split('\n').map(printable).join('\n')].join(
    '\n',
  );
}
