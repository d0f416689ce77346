import { smsSize } from '../sms-segments.ts';
import { LONGEST_TEXT } from '../text-message.ts';
import { error, warning, type Finding } from './finding.ts';

const MANY_SEGMENTS = 3;
const TOO_MANY_SEGMENTS = 10;

/** What is wrong with a text or WhatsApp message as the couple would get it. */
export function checkText(channel: 'sms' | 'whatsapp', text: string): Finding[] {
  if (text.length > LONGEST_TEXT) {
    return [
      error('too_long', 'body', `The message has ${text.length} characters; ${LONGEST_TEXT} are possible. Shorten it.`),
    ];
  }
  if (channel === 'whatsapp') return [];
  const { segments, encoding, costly } = smsSize(text);
  const findings: Finding[] = [];
  if (segments > TOO_MANY_SEGMENTS) {
    findings.push(
      error(
        'too_many_segments',
        'body',
        `The text would be sent as ${segments} messages. Shorten it, or send an email.`,
      ),
    );
  } else if (segments > MANY_SEGMENTS) {
    findings.push(warning('many_segments', 'body', `The text is sent, and paid, as ${segments} messages.`));
  }
  if (encoding === 'UCS-2') {
    const letters = costly.slice(0, 5).join(' ');
    findings.push(
      warning(
        'costly_characters',
        'body',
        `${letters} shortens a message from 160 to 70 characters. A plain ' or - does not.`,
      ),
    );
  }
  return findings;
}
