import type { Channel, SendResult } from '../channels/channel.ts';
import type { EmailMessage } from '../channels/email-message.ts';
import type { Database } from '../db/database.ts';
import {
  claimTeamMail,
  readTeamMail,
  settleTeamMail,
  type TeamMail,
  type TeamMailRef,
  type TeamMailResult,
} from '../db/team-mails.ts';
import { askAsTenant, withTenant } from '../db/tenant.ts';
import type { Clock } from './clock.ts';

export interface MailTeamDependencies {
  readonly database: Database;
  readonly clock: Clock;
  /** The platform's own: what a supplier's server sends may be what is broken. */
  readonly channel: Pick<Channel<EmailMessage>, 'send'>;
  /** How long one attempt may take, in milliseconds; after it the outcome is unknown. */
  readonly sendTimeoutMs: number;
}

/** Whoever claimed a mail so long ago is dead: longer than any attempt takes. */
export const ABANDONED_AFTER_MS = 5 * 60_000;
const FIRST_RETRY_MS = 60_000;
/** Over about a day. */
const MOST_ATTEMPTS = 11;

/**
 * Sends one mail to a member of the team, by the rules of every step: claimed right before the first byte leaves, its
 * outcome classified and written down. What may have arrived is not sent again; the notification stands in the
 * application anyway.
 */
export function createMailTeam(dependencies: MailTeamDependencies): (ref: TeamMailRef) => Promise<void> {
  const { database, clock, channel, sendTimeoutMs } = dependencies;
  return async ({ organizationId, id }) => {
    const tenant = { organizationId, actor: 'worker', requestId: `team-mail/${id}` };
    const mail = await askAsTenant(database, tenant, (trx) => readTeamMail(trx, id));
    if (mail === null) return;
    const settle = async (before: 'queued' | 'sending', result: TeamMailResult): Promise<void> =>
      withTenant(database, tenant, (trx) => settleTeamMail(trx, id, before, result));
    const now = await clock();
    if (mail.status === 'sending') {
      const isAbandoned = now.getTime() - (mail.claimedAt?.getTime() ?? 0) > ABANDONED_AFTER_MS;
      const detail = 'The process that was sending it died; the mail server may have it.';
      if (isAbandoned) await settle('sending', { status: 'unknown', at: now, detail });
      return;
    }
    if (mail.status !== 'queued') return;
    if (mail.address === null) {
      await settle('queued', { status: 'failed', at: now, detail: 'Whom it was for is no member any more.' });
      return;
    }
    let claim: Promise<boolean> | undefined;
    const beforeHandOver = async (): Promise<void> => {
      claim ??= (async () => {
        const at = await clock();
        return withTenant(database, tenant, (trx) => claimTeamMail(trx, id, at));
      })();
      if (!(await claim)) throw new Error('Somebody else sends this mail.');
    };
    const message = messageOf(id, mail, mail.address, now);
    const result = await channel.send(message, { beforeHandOver, signal: AbortSignal.timeout(sendTimeoutMs) });
    const isClaimed = await claim;
    if (isClaimed === false) return;
    await settle(isClaimed === true ? 'sending' : 'queued', outcomeOf(result, mail.attempts + 1, await clock()));
  };
}

function messageOf(id: string, mail: TeamMail, address: string, composedAt: Date): EmailMessage {
  const { title, body, organization, name } = mail;
  const why = `You get this as an owner of ${organization}. It stands among your notifications there too.`;
  return {
    id,
    to: name === null ? { address } : { address, name },
    subject: oneLine(`${title} (${organization})`),
    text: [body, why].filter((part) => part !== '').join('\n\n'),
    composedAt,
    language: 'en',
  };
}

/** A reason may quote what a program of somebody else answered. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 300);
}

function outcomeOf(result: SendResult, attempts: number, now: Date): TeamMailResult {
  const { outcome, code, detail, retryAfterMs = 0 } = result;
  if (outcome === 'accepted') return { status: 'sent', at: now, detail };
  if (outcome === 'unknown') return { status: 'unknown', at: now, code, detail };
  if (outcome === 'refused' || attempts >= MOST_ATTEMPTS) return { status: 'failed', at: now, code, detail };
  const waitMs = Math.max(retryAfterMs, FIRST_RETRY_MS * 2 ** (attempts - 1));
  return { status: 'queued', at: new Date(now.getTime() + waitMs), code, detail };
}
