import { z } from 'zod';

import type { World } from './world.ts';
import { eventually } from './eventually.ts';

const listed = z.object({ messages: z.array(z.object({ id: z.string(), subject: z.string() })) });

/** What the dev inbox caught for an address. */
export async function mailsTo(
  world: Pick<World, 'inbox'>,
  address: string,
): Promise<{ id: string; subject: string }[]> {
  const answer = await fetch(`${world.inbox.inboxUrl}/api/messages?to=${encodeURIComponent(address)}`);
  return listed.parse(await answer.json()).messages;
}

/** Waits until the inbox holds at least `count` mails for an address. */
export async function mailsArrive(
  world: Pick<World, 'inbox'>,
  address: string,
  count: number,
  timeoutMs?: number,
): Promise<{ id: string; subject: string }[]> {
  return eventually(
    `${count} mails arrive for ${address}`,
    async () => {
      const mails = await mailsTo(world, address);
      return mails.length >= count && mails;
    },
    timeoutMs,
  );
}

/** Lets the next mail to an address go wrong; see cli/dev/inbox/faults.ts. */
export async function nextMailFails(world: Pick<World, 'inbox'>, fault: Record<string, unknown>): Promise<void> {
  const answer = await fetch(`${world.inbox.inboxUrl}/api/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });
  if (!answer.ok) throw new Error(`The inbox refused the fault: ${await answer.text()}`);
}
