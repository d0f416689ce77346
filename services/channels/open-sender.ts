import type { z } from 'zod';

import {
  emailSecretsSchema,
  emailSettingsSchema,
  textSecretsSchema,
  textSettingsSchema,
  type EmailSecrets,
  type EmailSettings,
  type TextSecrets,
  type TextSettings,
} from '../../channels/sender-settings.ts';
import { openSecret, type SealingKeys } from '../../channels/webhook/sealed-secret.ts';
import type { Channel } from '../../db/domain.ts';
import { loadSender, senderOwner } from '../../db/senders.ts';
import type { Trx } from '../../db/tenant.ts';

export type OpenedSender<Settings, Secrets> = { readonly settings: Settings; readonly secrets: Secrets };

/** The organization's own sender of mails with its secrets; empty where it has none. */
export function openEmailSender(
  trx: Trx,
  organizationId: string,
  keys: SealingKeys,
): Promise<OpenedSender<EmailSettings, EmailSecrets>> {
  return open(trx, organizationId, 'email', keys, emailSettingsSchema, emailSecretsSchema);
}

/** The same for texts or WhatsApp messages. */
export function openTextSender(
  trx: Trx,
  organizationId: string,
  channel: 'sms' | 'whatsapp',
  keys: SealingKeys,
): Promise<OpenedSender<TextSettings, TextSecrets>> {
  return open(trx, organizationId, channel, keys, textSettingsSchema, textSecretsSchema);
}

/** What an organization has agreed with Twilio by itself. */
export interface OwnTwilio {
  /** What Twilio signs its callbacks with, where it has accounts of its own. */
  readonly authTokens: readonly string[];
  /** What HELP is answered with. */
  readonly helpText: Readonly<Record<'sms' | 'whatsapp', string | undefined>>;
}

export async function openOwnTwilio(trx: Trx, organizationId: string, keys: SealingKeys): Promise<OwnTwilio> {
  const sms = await openTextSender(trx, organizationId, 'sms', keys);
  const whatsapp = await openTextSender(trx, organizationId, 'whatsapp', keys);
  const tokens = [sms.secrets.authToken, whatsapp.secrets.authToken].filter((token) => token !== undefined);
  return {
    authTokens: [...new Set(tokens)],
    helpText: { sms: sms.settings.helpText, whatsapp: whatsapp.settings.helpText },
  };
}

/**
 * What an organization has sealed for a channel, not parsed yet; empty where it has sealed nothing.
 *
 * @throws where it does not open; the words of the error may hold what is secret
 */
export function openSenderSecrets(
  sealed: Buffer | null,
  organizationId: string,
  channel: Channel,
  keys: SealingKeys,
): unknown {
  return sealed === null ? {} : JSON.parse(openSecret(sealed, senderOwner(organizationId, channel), keys));
}

async function open<Settings, Secrets>(
  trx: Trx,
  organizationId: string,
  channel: Channel,
  keys: SealingKeys,
  settingsSchema: z.ZodType<Settings>,
  secretsSchema: z.ZodType<Secrets>,
): Promise<OpenedSender<Settings, Secrets>> {
  const stored = await loadSender(trx, channel);
  const secrets = openSenderSecrets(stored?.sealed ?? null, organizationId, channel, keys);
  return { settings: settingsSchema.parse(stored?.settings ?? {}), secrets: secretsSchema.parse(secrets) };
}
