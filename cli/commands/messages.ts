import { Command, InvalidArgumentError } from 'commander';

import { htmlToPlainText } from '../../channels/html-to-plain-text.ts';
import { threadOf, type ThreadMessage } from '../../db/conversations.ts';
import { coupleOf } from '../couple-of.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { printable } from '../output/printable.ts';

/** `wedsync messages ...`: what was written to couples and by them. */
export function messagesCommand(): Command {
  const messages = new Command('messages').description('Read what was written to couples and by them.');
  return messages.addCommand(threadCommand());
}

function threadCommand(): Command {
  return organizationCommand('thread')
    .description('Show the conversation with one couple, the latest message last.')
    .argument('<couple>', 'id, id in another program, or email address of the couple')
    .option('--limit <number>', 'how many messages', parseLimit, 30)
    .addHelpText(
      'after',
      '\nExample:\n  wedsync messages thread 5f0e9a52-6c1b-4b0a-9a5e-0c2f6f3b7d11 --organization wildflower-photography',
    )
    .action(async (couple: string, options: OrganizationOptions & { limit: number }) => {
      const latest = await inOrganization(options, async (trx) =>
        threadOf(trx, await coupleOf(trx, couple), options.limit),
      );
      const thread = latest.toReversed();
      const words = thread.length === 0 ? 'Nothing was written yet.' : thread.map(messageWords).join('\n\n');
      await print(options, thread, words);
    });
}

function messageWords(message: ThreadMessage): string {
  const { direction, channel, status, role, name, subject, content, at } = message;
  const whom = name ?? role ?? 'the couple';
  const head = `${at.toISOString().slice(0, 16).replace('T', ' ')}Z  ${direction === 'inbound' ? `${whom} wrote` : `to ${whom}`} by ${channel}`;
  const text =
    content === null ? '' : channel === 'email' && /<[a-z!]/i.test(content) ? htmlToPlainText(content) : content;
  const lines = [subject, ...text.split('\n')].filter((line) => line !== null && line.trim() !== '');
  return [`${head}, ${status}`, ...lines.map((line) => `  ${printable(line ?? '')}`)].join('\n');
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw new InvalidArgumentError('A number from 1 to 1000.');
  return limit;
}
