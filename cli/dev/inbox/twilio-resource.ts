import { smsSize } from '../../../channels/sms-segments.ts';
import type { CaughtMessage } from './caught-message.ts';

/** A message as Twilio's API shows it (`api.v2010.account.message`). */
export function twilioResource(message: CaughtMessage, accountSid: string): Record<string, unknown> {
  const at = new Date(message.receivedAt).toUTCString().replace('GMT', '+0000');
  const prefix = message.channel === 'whatsapp' ? 'whatsapp:' : '';
  const service = message.from.startsWith('MG');
  const error = message.details['Error'];
  const uri = `/2010-04-01/Accounts/${accountSid}/Messages/${message.id}.json`;
  return {
    account_sid: accountSid,
    api_version: '2010-04-01',
    body: message.text,
    date_created: at,
    date_sent: at,
    date_updated: at,
    direction: message.details['Status'] === 'from the telephone' ? 'inbound' : 'outbound-api',
    error_code: error === undefined ? null : Number(error),
    error_message: null,
    from: service ? null : message.from,
    messaging_service_sid: service ? message.from : null,
    num_media: '0',
    num_segments: String(smsSize(message.text).segments),
    price: null,
    price_unit: 'USD',
    sid: message.id,
    status: message.details['Status'] === 'from the telephone' ? 'received' : (message.details['Status'] ?? 'queued'),
    subresource_uris: { media: uri.replace('.json', '/Media.json') },
    to: `${prefix}${message.to[0] ?? ''}`,
    uri,
  };
}
