import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import { bounceAddressOf, readBounceAddress } from '../../../channels/receipts/bounce-address.ts';
import { verifyBasic } from '../../../channels/receipts/verify-basic.ts';
import { verifyMailgun } from '../../../channels/receipts/verify-mailgun.ts';
import { verifySendGrid } from '../../../channels/receipts/verify-sendgrid.ts';
import { verifySns } from '../../../channels/receipts/verify-sns.ts';
import { verifyTwilio } from '../../../channels/receipts/verify-twilio.ts';

const NOW = new Date('2027-03-12T09:00:10Z');
const seconds = (offset = 0): string => String(Math.floor(NOW.getTime() / 1_000) + offset);

describe('a call of Twilio', () => {
  // The example of Twilio's own documentation.
  const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
  const form = {
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675309',
    Digits: '1234',
    From: '+14158675309',
    To: '+18005551212',
  };

  it('is known by the signature that Twilio publishes', () => {
    expect(verifyTwilio('RSOYDt4T1cUTdK1PDd93/VVr8B8=', url, form, ['12345']).ok).toBe(true);
  });

  it('is forged when a field, the address or the token is another, or nothing is signed', () => {
    const signature = getExpectedTwilioSignature('12345', url, form);
    expect(verifyTwilio(signature, url, { ...form, Digits: '4321' }, ['12345']).ok).toBe(false);
    expect(verifyTwilio(signature, url.replace('bar=2', 'bar=3'), form, ['12345']).ok).toBe(false);
    expect(verifyTwilio(signature, url, form, ['other']).ok).toBe(false);
    expect(verifyTwilio(undefined, url, form, ['12345']).ok).toBe(false);
  });

  it('is genuine with the old token and the new one while they change', () => {
    for (const token of ['old', 'new']) {
      expect(verifyTwilio(getExpectedTwilioSignature(token, url, form), url, form, ['new', 'old']).ok).toBe(true);
    }
  });
});

describe('a request of SendGrid', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const shown = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const body = Buffer.from('[{"event":"delivered"}]\r\n');
  const signed = (timestamp: string) => ({
    timestamp,
    signature: sign('sha256', Buffer.concat([Buffer.from(timestamp), body]), privateKey).toString('base64'),
  });

  it('is genuine as signed, and forged with another body, another time or without a signature', () => {
    expect(verifySendGrid(signed(seconds()), body, shown, NOW).ok).toBe(true);
    expect(verifySendGrid(signed(seconds()), Buffer.from('[]'), shown, NOW).ok).toBe(false);
    expect(verifySendGrid({ ...signed(seconds()), timestamp: seconds(1) }, body, shown, NOW).ok).toBe(false);
    expect(verifySendGrid({ signature: undefined, timestamp: undefined }, body, shown, NOW).ok).toBe(false);
  });

  it.each([-301, 301, Number.NaN])('is refused when its clock is off by %i s', (offset) => {
    expect(verifySendGrid(signed(seconds(offset)), body, shown, NOW).ok).toBe(false);
  });
});

describe('a request of Mailgun', () => {
  const token = 'a'.repeat(50);
  const body = (timestamp: string, key = 'signing-key'): string =>
    JSON.stringify({
      signature: {
        timestamp,
        token,
        signature: createHmac('sha256', key).update(`${timestamp}${token}`).digest('hex'),
      },
      'event-data': {},
    });

  it('is genuine with our key, and gives its token to be used once', () => {
    expect(verifyMailgun(body(seconds()), 'signing-key', NOW)).toEqual({ ok: true, token });
    expect(verifyMailgun(body(seconds(), 'other'), 'signing-key', NOW).ok).toBe(false);
    expect(verifyMailgun('{}', 'signing-key', NOW).ok).toBe(false);
  });

  it.each([-301, 301])('is refused when its clock is off by %i s', (offset) => {
    expect(verifyMailgun(body(seconds(offset)), 'signing-key', NOW).ok).toBe(false);
  });
});

describe('a request of Postmark', () => {
  it('carries the name and password that it was given', () => {
    const header = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(verifyBasic(header('hooks:secret'), 'hooks', 'secret').ok).toBe(true);
    for (const wrong of [undefined, '', header('hooks:other'), header('hooks:secret2')]) {
      expect(verifyBasic(wrong, 'hooks', 'secret').ok).toBe(false);
    }
  });
});

describe('a notification of Amazon', () => {
  const pem = (name: string): string =>
    readFileSync(new URL(`../../fixtures/sns/${name}.pem`, import.meta.url), 'utf8');
  const topic = 'arn:aws:sns:eu-west-2:000000000000:wedsync-mail-events';
  const envelope = {
    Type: 'Notification',
    MessageId: '1',
    TopicArn: topic,
    Message: '{"notificationType":"Delivery"}',
    Timestamp: '2027-03-12T09:00:05.640Z',
    SignatureVersion: '2',
    SigningCertURL: 'https://sns.eu-west-2.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem',
  };
  function signed(over: Partial<typeof envelope> = {}): string {
    const fields = { ...envelope, ...over };
    const text = ['Message', 'MessageId', 'Timestamp', 'TopicArn', 'Type']
      .map((name) => `${name}\n${fields[name as keyof typeof fields]}\n`)
      .join('');
    const algorithm = fields.SignatureVersion === '1' ? 'sha1' : 'sha256';
    return JSON.stringify({
      ...fields,
      Signature: sign(algorithm, Buffer.from(text), createPrivateKey(pem('key'))).toString('base64'),
    });
  }
  const check = (body: string, topics = [topic], now = NOW) =>
    verifySns(body, topics, async () => pem('certificate'), now);

  it.each(['1', '2'])('is genuine when signed in version %s', async (SignatureVersion) => {
    expect(await check(signed({ SignatureVersion }), [topic], new Date())).toEqual({ ok: true });
  });

  it('is forged when changed, of another topic, or not signed', async () => {
    expect((await check(signed().replace('Delivery', 'Complaint'), [topic], new Date())).ok).toBe(false);
    expect((await check(signed(), ['arn:aws:sns:eu-west-2:1:other'], new Date())).ok).toBe(false);
    expect((await check(JSON.stringify(envelope), [topic], new Date())).ok).toBe(false);
  });

  it.each([
    'http://sns.eu-west-2.amazonaws.com/SimpleNotificationService-1.pem',
    'https://sns.eu-west-2.amazonaws.com.example.net/SimpleNotificationService-1.pem',
    'https://example.net/sns.eu-west-2.amazonaws.com/SimpleNotificationService-1.pem',
    'https://sns.eu-west-2.amazonaws.com@example.net/SimpleNotificationService-1.pem',
  ])('never has its certificate fetched from %s', async (SigningCertURL) => {
    const fetched: string[] = [];
    const verdict = await verifySns(
      signed({ SigningCertURL }),
      [topic],
      async (url) => (fetched.push(url), pem('certificate')),
      new Date(),
    );
    expect(verdict.ok).toBe(false);
    expect(fetched).toEqual([]);
  });

  it('is refused once its certificate has expired', async () => {
    expect((await check(signed(), [topic], new Date('2199-01-01T00:00:00Z'))).ok).toBe(false);
  });
});

describe('the address that bounces come back to', () => {
  it('names its message and cannot be made up', () => {
    const [key, otherKey] = [Buffer.from('key'), Buffer.from('other key')];
    const address = bounceAddressOf('5f0e9a52-6c1b-4b0a-9a5e-0c2f6f3b7d11', 'bounces.example.com', key);
    expect(address.split('@', 1)[0]?.length).toBeLessThanOrEqual(64);
    expect(readBounceAddress(address, [otherKey, key])).toBe('5f0e9a52-6c1b-4b0a-9a5e-0c2f6f3b7d11');
    expect(readBounceAddress(address, [otherKey])).toBeNull();
    expect(readBounceAddress(address.replace('5f0e', '5f0f'), [key])).toBeNull();
    expect(readBounceAddress('hello@bounces.example.com', [key])).toBeNull();
  });
});
