import type { Channel, SendOptions, SendResult } from './channel.ts';
import { composeEmail, type DkimKey } from './compose-email.ts';
import { checkedEmail, type EmailChannel } from './email.ts';
import type { EmailMessage, Mailbox } from './email-message.ts';

/**
 * Sends by the first mail server that works. The next one is tried only after a certain failure of the one before:
 * what may have arrived, and what was refused for good, stays with the server that said so. All of them get the same
 * bytes with the same Message-ID.
 */
export function createFailoverEmailChannel(options: {
  /** In the order in which they are tried. */
  servers: readonly EmailChannel[];
  from: Mailbox;
  dkim?: DkimKey;
}): Channel<EmailMessage> {
  return {
    async send(message, sendOptions = {}) {
      const checked = checkedEmail(message);
      if (!checked.ok) return checked.result;
      const composed = await composeEmail(checked.message, checked.message.from ?? options.from, options.dkim);
      const once = handingOverOnce(sendOptions);
      let result: SendResult = NO_SERVER;
      for (const server of options.servers) {
        result = await server.sendComposed(composed, once);
        if (result.outcome !== 'not_accepted' || sendOptions.signal?.aborted === true) return result;
      }
      return result;
    },
    async close() {
      await Promise.all(options.servers.map((server) => server.close()));
    },
  };
}

const NO_SERVER: SendResult = {
  outcome: 'not_accepted',
  handling: 'config',
  retryAfterMs: 900_000,
  code: 'NO_SERVER',
  detail: 'Not sent: no mail server is configured.',
};

/** The caller is told once, however many servers come to the point of taking the message. */
function handingOverOnce(options: SendOptions): SendOptions {
  const { beforeHandOver } = options;
  if (beforeHandOver === undefined) return options;
  let told: Promise<void> | undefined;
  return { ...options, beforeHandOver: () => (told ??= beforeHandOver()) };
}
