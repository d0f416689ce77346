import type { Logger } from 'pino';

import { ABANDONED_AFTER_MS, createMailTeam, type MailTeamDependencies } from '../activities/mail-team.ts';
import type { Database } from '../db/database.ts';
import { withRelay } from '../db/relay.ts';
import { dueTeamMails } from '../db/team-mails.ts';
import { poll, type Poll } from './poll.ts';

export interface TeamMailWorkOptions extends MailTeamDependencies {
  /** Opened as app_relay: sees the mails of all organizations. */
  readonly relayDatabase: Database;
  readonly log: Logger;
}

const IDLE_MS = 2_000;
const AFTER_ERROR_MS = 5_000;
const BATCH = 20;

/** Sends what goes to members of teams by email, a moment after it was written. Several may run. */
export function startTeamMailWork(options: TeamMailWorkOptions): Poll {
  const onError = (error: unknown): void =>
    options.log.error({ err: error }, 'mails to the team could not be sent; another try follows');
  return poll(() => mailTeamOnce(options), { idleMs: IDLE_MS, afterErrorMs: AFTER_ERROR_MS, onError });
}

/** Sends what is due. Answers with how many mails were looked at. */
export async function mailTeamOnce(options: TeamMailWorkOptions): Promise<number> {
  const { relayDatabase, clock } = options;
  const mailTeam = createMailTeam(options);
  const now = await clock();
  const abandonedBefore = new Date(now.getTime() - ABANDONED_AFTER_MS);
  const due = await withRelay(relayDatabase, (trx) => dueTeamMails(trx, now, abandonedBefore, BATCH));
  for (const mail of due) await mailTeam(mail);
  return due.length;
}
