import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { TwilioOptions } from '../../channels/twilio.ts';
import { readConfig } from '../../config.ts';
import { INBOX_ACCOUNT } from '../dev/inbox/start-inbox.ts';
import { twilioFrom } from '../twilio-account.ts';

/** Where the platform's mails leave: as configured, else the dev inbox of a running development set-up. */
export interface MailPlace {
  readonly smtpUrl: string | undefined;
  readonly mailFrom: string | undefined;
}

export interface Places extends MailPlace {
  readonly twilio: TwilioOptions | undefined;
}

/** From the range kept for fiction: nobody has it. */
const NOBODY = '+447700900800';

/** @param dataFolder of the development set-up */
export async function mailPlaceOf(dataFolder: string): Promise<MailPlace> {
  const config = readConfig(process.env);
  const dev = await devFileOf(dataFolder);
  return { smtpUrl: config.SMTP_URL ?? dev?.smtpUrl, mailFrom: config.MAIL_FROM };
}

/** @throws OperatorError where only a part of the platform's account at Twilio is set */
export async function placesOf(dataFolder: string): Promise<Places> {
  const dev = await devFileOf(dataFolder);
  const inbox = dev === null ? undefined : { ...INBOX_ACCOUNT, baseUrl: dev.inboxUrl, sender: { from: NOBODY } };
  return { ...(await mailPlaceOf(dataFolder)), twilio: twilioFrom(readConfig(process.env)) ?? inbox };
}

/** The platform's account at Twilio as far as it is set, for who brings the rest; else the dev inbox. */
export async function twilioParts(dataFolder: string): Promise<{
  readonly accountSid?: string | undefined;
  readonly authToken?: string | undefined;
  readonly sender?: string | undefined;
  readonly baseUrl?: string | undefined;
}> {
  const config = readConfig(process.env);
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_SENDER: sender } = config;
  if (accountSid !== undefined || authToken !== undefined) return { accountSid, authToken, sender };
  const dev = await devFileOf(dataFolder);
  return dev === null ? { sender } : { ...INBOX_ACCOUNT, baseUrl: dev.inboxUrl, sender: sender ?? NOBODY };
}

const devFile = z.object({ smtpUrl: z.string(), inboxUrl: z.string() });

async function devFileOf(dataFolder: string): Promise<z.infer<typeof devFile> | null> {
  const text = await readFile(join(dataFolder, 'dev.json'), 'utf8').catch(() => null);
  return text === null ? null : devFile.parse(JSON.parse(text));
}
