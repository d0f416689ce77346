import MessagingResponse from 'twilio/lib/twiml/MessagingResponse.js';

import type { Reply } from './receipt.ts';

/**
 * What Twilio is told to do about a call of its: answer HELP with the organization's own words, otherwise nothing. A
 * messaging service with Advanced Opt-Out has answered already, and says so by `OptOutType`
 * (twilio.com/docs/messaging/tutorials/advanced-opt-out).
 *
 * @returns TwiML
 */
export function answerByTwilio(
  replies: readonly Reply[],
  optOutType: string | undefined,
  own: { readonly helpText: Readonly<Record<'sms' | 'whatsapp', string | undefined>> } | undefined,
): string {
  const answer = new MessagingResponse();
  for (const { keyword, channel } of replies) {
    const words = keyword === 'help' && channel !== 'email' ? own?.helpText[channel] : undefined;
    if (words !== undefined && optOutType === undefined) answer.message(words);
  }
  return answer.toString();
}
