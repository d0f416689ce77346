import type { Config } from '../config.ts';
import type { StartApiOptions } from './start-api.ts';

/** Providers of the configuration that may tell what became of messages; undefined where our address is not known. */
export function receiptsFrom(config: Config): StartApiOptions['receipts'] {
  const publicUrl = config.WEDSYNC_PUBLIC_URL;
  if (publicUrl === undefined) return undefined;
  return {
    publicUrl,
    providers: {
      twilio: config.TWILIO_AUTH_TOKEN === undefined ? undefined : { authTokens: [config.TWILIO_AUTH_TOKEN] },
      ses: config.SES_TOPICS === undefined ? undefined : { topics: config.SES_TOPICS.split(',') },
      sendgrid: config.SENDGRID_PUBLIC_KEY === undefined ? undefined : { publicKey: config.SENDGRID_PUBLIC_KEY },
      mailgun: config.MAILGUN_SIGNING_KEY === undefined ? undefined : { signingKey: config.MAILGUN_SIGNING_KEY },
      postmark: basicAuthOf(config.POSTMARK_BASIC_AUTH),
      mail: basicAuthOf(config.MAIL_RECEIPTS_BASIC_AUTH),
    },
  };
}

function basicAuthOf(text: string | undefined): { user: string; password: string } | undefined {
  if (text === undefined) return undefined;
  const colon = text.indexOf(':');
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
