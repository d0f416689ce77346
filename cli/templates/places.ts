import type { TwilioOptions } from '../../channels/twilio.ts';
import { readConfig, type Config } from '../../config.ts';
import { readDevFile, type DevFile } from '../dev/dev-file.ts';
import { INBOX_ACCOUNT, INBOX_SENDER } from '../dev/inbox/inbox-account.ts';
import { twilioFrom } from '../twilio-account.ts';

/** Where the platform's mails leave: as configured, else the dev inbox of a running development set-up. */
export interface MailPlace {
  readonly smtpUrl: string | undefined;
  readonly mailFrom: string | undefined;
}

export interface Places extends MailPlace {
  readonly twilio: TwilioOptions | undefined;
}

/** @param dataFolder of the development set-up */
export async function mailPlaceOf(dataFolder: string): Promise<MailPlace> {
  return mailPlace(readConfig(process.env), await readDevFile(dataFolder));
}

function mailPlace({ SMTP_URL: smtpUrl, MAIL_FROM: mailFrom }: Config, dev: DevFile | null): MailPlace {
  return { smtpUrl: smtpUrl ?? dev?.smtpUrl, mailFrom };
}

/** @throws OperatorError where only a part of the platform's account at Twilio is set */
export async function placesOf(dataFolder: string): Promise<Places> {
  const config = readConfig(process.env);
  const dev = await readDevFile(dataFolder);
  const inbox = dev === null ? undefined : { ...INBOX_ACCOUNT, baseUrl: dev.inboxUrl, sender: { from: INBOX_SENDER } };
  return { ...mailPlace(config, dev), twilio: twilioFrom(config) ?? inbox };
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
  const dev = await readDevFile(dataFolder);
  return dev === null ? { sender } : { ...INBOX_ACCOUNT, baseUrl: dev.inboxUrl, sender: sender ?? INBOX_SENDER };
}
