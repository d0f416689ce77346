import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { TwilioOptions } from '../../channels/twilio.ts';
import { readConfig } from '../../config.ts';
import { INBOX_ACCOUNT } from '../dev/inbox/start-inbox.ts';
import { twilioFrom } from '../twilio-account.ts';

/** Where the platform's messages leave: as configured, else the dev inbox of a running development set-up. */
export interface Places {
  readonly smtpUrl: string | undefined;
  readonly twilio: TwilioOptions | undefined;
  readonly mailFrom: string | undefined;
}

/** From the range kept for fiction: nobody has it. */
const NOBODY = '+447700900800';
const devFile = z.object({ smtpUrl: z.string(), inboxUrl: z.string() });

/** @param dataFolder of the development set-up */
export async function placesOf(dataFolder: string): Promise<Places> {
  const config = readConfig(process.env);
  const text = await readFile(join(dataFolder, 'dev.json'), 'utf8').catch(() => null);
  const dev = text === null ? null : devFile.parse(JSON.parse(text));
  return {
    smtpUrl: config.SMTP_URL ?? dev?.smtpUrl,
    twilio:
      twilioFrom(config) ??
      (dev === null ? undefined : { ...INBOX_ACCOUNT, baseUrl: dev.inboxUrl, sender: { from: NOBODY } }),
    mailFrom: config.MAIL_FROM,
  };
}
