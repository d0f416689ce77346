import type { z } from 'zod';

import type { emailSettingsSchema, textSettingsSchema } from '../../channels/sender-settings.ts';

/** What is told of a sender; secrets are not. */
export interface SenderLine {
  readonly channel: 'email' | 'sms' | 'whatsapp';
  /** As stored; null: the platform's sender is used as it is. */
  readonly settings: unknown;
  readonly hasSecrets: boolean;
  readonly limitToday: number | null;
  readonly takenToday: number | null;
  readonly checkedAt: Date | null;
  readonly checkError: string | null;
}

type Settings = Partial<z.infer<typeof emailSettingsSchema> & z.infer<typeof textSettingsSchema>>;

/** A sender in words, a line for each thing that is set. */
export function senderWords(line: SenderLine): string {
  const { channel, hasSecrets, checkedAt, checkError, limitToday, takenToday } = line;
  const { from, replyTo, dkim, bounceDomain, perSecond, ...rest } = (line.settings ?? {}) as Settings;
  const { accountSid, sender, segmentPriceMicros, helpText, dailyLimit, warmUpOn } = rest;
  const isOwn = hasSecrets || Object.keys(line.settings ?? {}).length > 0;
  const server = channel === 'email' ? 'credentials' : 'account';
  const sealed = hasSecrets ? `own (sealed)` : "the platform's";
  const facts: [what: string, words: string | undefined][] = [
    ['sender', from === undefined ? sender : from.name === undefined ? from.address : `${from.name} <${from.address}>`],
    ['answers to', replyTo],
    [server, !isOwn ? undefined : accountSid === undefined ? sealed : `${accountSid}, token sealed`],
    ['signature', dkim === undefined ? undefined : `${dkim.domain}, selector ${dkim.selector}`],
    ['bounces to', bounceDomain],
    ['pace', perSecond === undefined ? undefined : `${perSecond} a second`],
    ['price', segmentPriceMicros === undefined ? undefined : `${segmentPriceMicros / 1_000_000} a segment`],
    ['HELP', helpText],
    ['a day', dailyLimit === undefined ? undefined : `${dailyLimit} at most`],
    ['warm-up', warmUpOn === undefined ? undefined : `since ${warmUpOn}`],
    ['today', limitToday === null ? undefined : `${takenToday ?? 0} of ${limitToday} taken`],
    [
      'last test',
      checkedAt === null
        ? undefined
        : `${checkedAt.toISOString().slice(0, 16).replace('T', ' ')}Z, ${checkError === null ? 'it works' : `it does not: ${checkError}`}`,
    ],
  ];
  const lines = facts.flatMap(([what, words]) => (words === undefined ? [] : [`  ${what.padEnd(13)}${words}`]));
  return [isOwn ? `${channel}: its own sender` : `${channel}: the platform's sender`, ...lines].join('\n');
}
