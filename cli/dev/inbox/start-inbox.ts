import type { CaughtMessage } from './caught-message.ts';
import { contentEndpoint, type InboxApproval } from './content-endpoint.ts';
import { createFaultPlan } from './faults.ts';
import { INBOX_ACCOUNT } from './inbox-account.ts';
import { createInboxServer } from './inbox-server.ts';
import { openMessageStore } from './message-store.ts';
import { mailReactions } from './reactions.ts';
import { startSmtpCatcher } from './smtp-catcher.ts';
import { twilioEndpoint, type TwilioAccount } from './twilio-endpoint.ts';
import { webhookCatcher } from './webhook-catcher.ts';

export type InboxOptions = {
  /** 0 or absent: any free port. */
  smtpPort?: number;
  httpPort?: number;
  /** Where mails are kept over restarts; absent: in memory only. */
  dataFolder?: string;
  /** Where texts from the telephone are posted, signed as Twilio does; by default where the status of the message went. */
  inboundTextsUrl?: string;
  /**
   * Where mails that come back (bounces, complaints, answers) are posted as message/rfc822, such as
   * `http://hooks:secret@127.0.0.1:8080/receipts/mail/{list}`: `{list}` is the first label of the mail's List-ID.
   */
  returnedMailUrl?: string;
  /** Between the status callbacks of a text, in milliseconds; 400 by default. */
  callbackPaceMs?: number;
};

export type RunningInbox = {
  /** For `createEmailChannel`. */
  smtpUrl: string;
  /** The page and, below `/api`, what tests use. */
  inboxUrl: string;
  /** For `createSmsChannel` and `createWhatsappChannel`. */
  twilio: TwilioAccount & { baseUrl: string };
  stop(): Promise<void>;
};

/**
 * Starts the development inbox: every message that leaves the platform on this machine ends here, none goes further.
 * Both servers listen on 127.0.0.1 alone. A busy port is an error of the caller (`EADDRINUSE`).
 */
export async function startInbox(options: InboxOptions = {}): Promise<RunningInbox> {
  const store = openMessageStore(options.dataFolder);
  const faults = createFaultPlan();
  const approvals = new Map<string, InboxApproval>();
  const reactions = mailReactions(store, options.returnedMailUrl);
  const http = createInboxServer({ store, faults, reactions });
  await http.register(twilioEndpoint, {
    store,
    faults,
    account: INBOX_ACCOUNT,
    approvals,
    inboundUrl: options.inboundTextsUrl,
    callbackPaceMs: options.callbackPaceMs ?? 400,
    answerMail: (message, text) => reactions.answer(message, text),
  });
  await http.register(contentEndpoint, { account: INBOX_ACCOUNT, approvals });
  await http.register(webhookCatcher, { store, faults });
  const keep = (message: CaughtMessage): void => store.put(message);
  const smtp = await startSmtpCatcher({ port: options.smtpPort ?? 0, faults, keep, reactions });
  try {
    const inboxUrl = await http.listen({ host: '127.0.0.1', port: options.httpPort ?? 0 });
    return {
      smtpUrl: `smtp://127.0.0.1:${smtp.port}`,
      inboxUrl,
      twilio: { ...INBOX_ACCOUNT, baseUrl: inboxUrl },
      async stop() {
        await Promise.all([smtp.stop(), http.close()]);
      },
    };
  } catch (error) {
    await smtp.stop();
    throw error;
  }
}
