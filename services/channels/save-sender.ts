import type { z } from 'zod';

import { readDkimKey } from '../../channels/dkim-key.ts';
import {
  emailSecretsSchema,
  emailSettingsSchema,
  textSecretsSchema,
  textSettingsSchema,
  type EmailSettings,
} from '../../channels/sender-settings.ts';
import { sealSecret, type SealingKeys } from '../../channels/webhook/sealed-secret.ts';
import { saveSender, senderOwner } from '../../db/senders.ts';
import type { Trx } from '../../db/tenant.ts';
import { openEmailSender, openTextSender } from './open-sender.ts';

/** What is changed about a sender: what is left out stays, `null` takes it away. */
export interface SenderChange {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string | null>>;
}

export interface SenderProblem {
  readonly path: string;
  readonly message: string;
}
export type SavedSender = { readonly ok: true } | { readonly ok: false; readonly problems: readonly SenderProblem[] };

/** Changes how an organization's mails leave. Nothing is saved that could not send or would not be believed. */
export async function saveEmailSender(
  trx: Trx,
  organizationId: string,
  change: SenderChange,
  keys: SealingKeys,
): Promise<SavedSender> {
  const before = await openEmailSender(trx, organizationId, keys);
  const settings = emailSettingsSchema.safeParse(merged(before.settings, withKeptName(before.settings, change)));
  const secrets = emailSecretsSchema.safeParse(merged(before.secrets, change.secrets));
  const found = [...problemsOf(settings), ...problemsOf(secrets)];
  if (!settings.success || !secrets.success) return { ok: false, problems: found };
  const { dkim, from } = settings.data;
  const { dkimKey, smtpUrl, backupSmtpUrl } = secrets.data;
  if ((dkim === undefined) !== (dkimKey === undefined)) {
    found.push({ path: 'dkim', message: 'A signature needs a domain, a selector and a key: give all three or none.' });
  }
  if (dkimKey !== undefined) {
    const reading = readDkimKey(dkimKey);
    if (!reading.ok) found.push({ path: 'dkimKey', message: reading.problem });
  }
  if (dkim !== undefined && from !== undefined && !isWithin(domainOf(from.address), dkim.domain)) {
    // RFC 7489 3.1.1: a signature of another domain proves nothing about the sender.
    const message = `The signature is of ${dkim.domain}, but the sender is at ${domainOf(from.address)}: DMARC would not accept it.`;
    found.push({ path: 'dkim.domain', message });
  }
  if (backupSmtpUrl !== undefined && smtpUrl === undefined) {
    found.push({ path: 'backupSmtpUrl', message: 'A second mail server needs a first one.' });
  }
  if (found.length > 0) return { ok: false, problems: found };
  await keep(trx, organizationId, 'email', settings.data, secrets.data, keys);
  return { ok: true };
}

/** Changes how an organization's texts or WhatsApp messages leave. */
export async function saveTextSender(
  trx: Trx,
  organizationId: string,
  channel: 'sms' | 'whatsapp',
  change: SenderChange,
  keys: SealingKeys,
): Promise<SavedSender> {
  const before = await openTextSender(trx, organizationId, channel, keys);
  const settings = textSettingsSchema.safeParse(merged(before.settings, change.settings));
  const secrets = textSecretsSchema.safeParse(merged(before.secrets, change.secrets));
  const found = [...problemsOf(settings), ...problemsOf(secrets)];
  if (!settings.success || !secrets.success) return { ok: false, problems: found };
  const { accountSid, sender } = settings.data;
  if ((accountSid === undefined) !== (secrets.data.authToken === undefined)) {
    found.push({ path: 'authToken', message: 'An account of your own needs its id and its token.' });
  }
  if (accountSid !== undefined && sender === undefined) {
    found.push({ path: 'sender', message: 'An account of your own needs a number or a messaging service of it.' });
  }
  if (found.length > 0) return { ok: false, problems: found };
  await keep(trx, organizationId, channel, settings.data, secrets.data, keys);
  return { ok: true };
}

async function keep(
  trx: Trx,
  organizationId: string,
  channel: 'email' | 'sms' | 'whatsapp',
  settings: object,
  secrets: object,
  keys: SealingKeys,
): Promise<void> {
  const sealed =
    Object.keys(secrets).length === 0
      ? null
      : sealSecret(JSON.stringify(secrets), senderOwner(organizationId, channel), keys);
  await saveSender(trx, { channel, settings, sealed, keyId: keys.current.id });
}

/** Of the sender's name and address the one that is not named stays as well. */
function withKeptName(before: EmailSettings, { settings }: SenderChange): SenderChange['settings'] {
  const { from } = settings;
  return typeof from === 'object' && from !== null
    ? { ...settings, from: merged(before.from ?? {}, { ...from }) }
    : settings;
}

function merged(before: object, change: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const after = Object.entries({ ...before, ...change });
  return Object.fromEntries(after.filter(([, value]) => value !== null && value !== undefined));
}

function problemsOf(result: z.ZodSafeParseResult<unknown>): SenderProblem[] {
  if (result.success) return [];
  return result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();
const isWithin = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);
