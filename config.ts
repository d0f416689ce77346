import { z } from 'zod';

import { TRACING_SETTINGS } from './tracing-settings.ts';
import { WORKER_SETTINGS } from './worker-settings.ts';

/** One setting that is missing or unusable, with what a person needs to mend it. */
export interface ConfigProblem {
  readonly name: string;
  readonly reason: string;
  readonly example: string;
}

/** Thrown by {@link readConfig}; lists every problem at once, so that nobody mends them one restart at a time. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];
  constructor(problems: readonly ConfigProblem[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n` +
        problems.map((p) => `  ${p.name}: ${p.reason} (for example ${p.name}=${p.example})`).join('\n') +
        '\nSet them in the environment; .env.example explains each.',
    );
    this.problems = problems;
  }
}

const postgresUrl = z.string().refine(isPostgresUrl, 'is not a Postgres URL with host and database');
const smtpUrl = z.string().refine((value) => isUrlOf(value, ['smtp:', 'smtps:']), 'is not an SMTP URL');
const httpUrl = z.string().refine((value) => isUrlOf(value, ['http:', 'https:']), 'is not an http(s) URL');
const hostAndPort = z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'is not host:port');
const port = z.coerce
  .number('is not a number')
  .int('is not a whole number')
  .min(0, 'is below 0')
  .max(65_535, 'is above 65535');
const basicAuth = z.string().regex(/^[^:\s]+:\S+$/, 'is not user:password');
const keyRing = z
  .string()
  .refine(
    (value) => value.split(',').every((entry) => /^[a-z0-9_-]{1,32}:[A-Za-z0-9+/]{43}=$/.test(entry.trim())),
    'is not a list of id:key, each key 32 bytes in base64',
  );

/** Every environment variable this project reads, with an example; `.env.example` is tested against this table. */
export const SETTINGS = {
  DATABASE_URL: {
    schema: postgresUrl.optional(),
    example: 'postgres://postgres:secret@db.example.com:5432/wedsync',
    help: 'Administrator of the database: migrations and roles. Absent in development: an embedded PostgreSQL is started.',
  },
  DATABASE_URL_API: {
    schema: postgresUrl.optional(),
    example: 'postgres://app_api:secret@db.example.com:5432/wedsync',
    help: 'What the API connects with (role app_api). Needed by `wedsync api`; derived in development.',
  },
  DATABASE_URL_WORKER: {
    schema: postgresUrl.optional(),
    example: 'postgres://app_worker:secret@db.example.com:5432/wedsync',
    help: 'What activities connect with (role app_worker). Needed by `wedsync worker`; derived in development.',
  },
  DATABASE_URL_RELAY: {
    schema: postgresUrl.optional(),
    example: 'postgres://app_relay:secret@db.example.com:5432/wedsync',
    help: 'What the relay connects with (role app_relay). Needed by `wedsync worker`; derived in development.',
  },
  TEMPORAL_ADDRESS: {
    schema: hostAndPort.optional(),
    example: 'temporal.example.com:7233',
    help: 'Temporal frontend. Absent in development: a Temporal dev server is started. TLS and API keys: TEMPORAL_TLS_*, TEMPORAL_API_KEY, as every Temporal tool reads them.',
  },
  TEMPORAL_NAMESPACE: { schema: z.string().min(1).default('default'), example: 'default', help: 'Temporal namespace.' },
  TEMPORAL_UI_URL: {
    schema: httpUrl.optional(),
    example: 'https://temporal-ui.example.com',
    help: 'Where the Temporal Web UI is, for the links on our pages.',
  },
  SMTP_URL: {
    schema: smtpUrl.optional(),
    example: 'smtps://user:secret@smtp.example.com:465',
    help: 'Mail server. Absent in development: the dev inbox catches every mail.',
  },
  SMTP_BACKUP_URL: {
    schema: smtpUrl.optional(),
    example: 'smtps://user:secret@smtp.example.net:465',
    help: 'Second mail server: tried where the first one surely did not take a mail, with the same bytes.',
  },
  MAIL_FROM: {
    schema: z.email('is not an address').optional(),
    example: 'journeys@example.com',
    help: 'Address mails come from where a supplier has no sending identity of their own.',
  },
  MAIL_BOUNCE_DOMAIN: {
    schema: z
      .string()
      .regex(/^([a-z0-9-]+\.)+[a-z0-9-]+$/, 'is not a domain')
      .optional(),
    example: 'bounces.example.com',
    help: 'Domain of the envelope sender: mails that cannot be delivered come back to an address in it that names the message.',
  },
  TWILIO_ACCOUNT_SID: {
    schema: z
      .string()
      .regex(/^AC[0-9a-f]{32}$/, 'is not an account SID')
      .optional(),
    example: 'AC00000000000000000000000000000000',
    help: 'Twilio account for SMS and WhatsApp. Absent: such steps wait; in development the dev inbox catches them.',
  },
  TWILIO_AUTH_TOKEN: {
    schema: z.string().min(1).optional(),
    example: 'secret',
    help: 'Goes with TWILIO_ACCOUNT_SID.',
  },
  TWILIO_SENDER: {
    schema: z
      .string()
      .regex(/^(\+[1-9]\d{6,14}|MG[0-9a-f]{32})$/, 'is neither an E.164 number nor a messaging service')
      .optional(),
    example: '+447700900123',
    help: 'The number (E.164) or messaging service (MG...) that texts come from. Goes with TWILIO_ACCOUNT_SID.',
  },
  TWILIO_SEGMENT_PRICE_MICROS: {
    schema: z.coerce.number('is not a number').int('is not a whole number').min(0, 'is below 0').optional(),
    example: '40000',
    help: "What one segment of a text costs on that account, in millionths of the account's currency; for estimates.",
  },
  SES_TOPICS: {
    schema: z
      .string()
      .regex(/^arn:[^,\s]+(,arn:[^,\s]+)*$/, 'is not a list of topic ARNs')
      .optional(),
    example: 'arn:aws:sns:eu-west-1:123456789012:mail',
    help: 'SNS topics that may tell what became of mails sent by Amazon SES.',
  },
  SENDGRID_PUBLIC_KEY: {
    schema: z.string().min(1).optional(),
    example: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE',
    help: 'Key that SendGrid shows in the settings of its signed event webhook.',
  },
  MAILGUN_SIGNING_KEY: {
    schema: z.string().min(1).optional(),
    example: 'key',
    help: "Mailgun's HTTP webhook signing key.",
  },
  POSTMARK_BASIC_AUTH: {
    schema: basicAuth.optional(),
    example: 'postmark:secret',
    help: 'user:password that Postmark sends along with its webhooks.',
  },
  MAIL_RECEIPTS_BASIC_AUTH: {
    schema: basicAuth.optional(),
    example: 'mail:secret',
    help: 'user:password of whatever hands over bounced mails and complaints as raw messages.',
  },
  STRIPE_WEBHOOK_SECRETS: {
    schema: z
      .string()
      .regex(/^whsec_[^,\s]+(,whsec_[^,\s]+)*$/, 'is not a list of whsec_ secrets')
      .optional(),
    example: 'whsec_0123456789abcdef',
    help: "Secrets of the platform's own Stripe endpoint for connected accounts; several, with commas, while one is being replaced.",
  },
  WEBHOOK_ALLOW_LIST: {
    schema: z.string().optional(),
    example: '10.20.0.0/16:8443,localhost:8025',
    help: 'Inner addresses that outgoing webhooks may reach all the same. Absent: public addresses only.',
  },
  WEDSYNC_ENCRYPTION_KEYS: {
    schema: keyRing.optional(),
    example: '2026-11:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=',
    help: 'Key ring for payloads in Temporal and for sealed secrets: id:key, the first one encrypts, all of them decrypt. Made by itself in development.',
  },
  CODEC_TOKEN: {
    schema: z.string().min(24, 'is shorter than 24 characters').optional(),
    example: 'a-long-random-text-of-at-least-24-characters',
    help: 'Bearer token with which the Temporal UI or command line may have payloads decoded at /codec. Absent: no such route.',
  },
  WORKFLOW_BUNDLE: {
    schema: z.string().min(1).optional(),
    example: 'workflow-bundle.js',
    help: 'File that `wedsync worker --write-bundle` made of the same release; saves each worker the bundling at its start.',
  },
  WEDSYNC_PUBLIC_URL: {
    schema: httpUrl.optional(),
    example: 'https://journeys.example.com',
    help: 'Address under which people and mails reach the API.',
  },
  TRUSTED_PROXIES: {
    schema: z
      .string()
      .regex(
        /^[0-9A-Fa-f.:]+(?:\/\d{1,3})?(?:,[0-9A-Fa-f.:]+(?:\/\d{1,3})?)*$/,
        'is not a list of addresses or networks',
      )
      .optional(),
    example: '10.0.0.0/8,fd00::/8',
    help: 'Proxies in front of the API whose X-Forwarded-For is believed: rate limits and signatures need the address of the person. Absent: nobody is believed.',
  },
  PORT: { schema: port.default(8080), example: '8080', help: 'Port of the API; 0 takes any free one.' },
  ...WORKER_SETTINGS,
  ...TRACING_SETTINGS,
  LOG_LEVEL: {
    schema: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    example: 'info',
    help: 'debug, info, warn or error.',
  },
} as const satisfies Record<string, { schema: z.ZodType; example: string; help: string }>;

type SettingName = keyof typeof SETTINGS;
export type Config = { readonly [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> };

/**
 * Reads the whole configuration from environment variables. An empty variable counts as absent, because that is how
 * shells and compose files spell "not set".
 *
 * @param environment usually `process.env`
 * @param required settings the calling process cannot do without
 * @throws ConfigError which names every missing and every unusable setting at once
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  required: readonly SettingName[] = [],
): Config {
  const problems: ConfigProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { schema, example }] of Object.entries(SETTINGS)) {
    const given = environment[name] === '' ? undefined : environment[name];
    if (given === undefined && required.some((needed) => needed === name)) {
      problems.push({ name, reason: 'is not set', example });
      continue;
    }
    const parsed = schema.safeParse(given);
    if (parsed.success) values[name] = parsed.data;
    else problems.push({ name, reason: parsed.error.issues[0]?.message ?? 'is not usable', example });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Config;
}

function isUrlOf(value: string, protocols: readonly string[]): boolean {
  const url = URL.parse(value);
  return url !== null && protocols.includes(url.protocol) && url.hostname !== '';
}

function isPostgresUrl(value: string): boolean {
  const url = URL.parse(value);
  return (
    url !== null &&
    ['postgres:', 'postgresql:'].includes(url.protocol) &&
    (url.hostname !== '' || url.searchParams.has('host')) &&
    url.pathname.length > 1
  );
}
