import { Stripe } from 'stripe';
import { describe, expect, test } from 'vitest';
import { verifyStripe } from '../../../channels/intake/verify-stripe.ts';
import { stripeBody } from './stripe-fixtures.ts';

const NOW = new Date('2026-11-20T10:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const SECRET = 'whsec_test_current';
const body = stripeBody('payment_intent.succeeded');

/** The header as Stripe's own library makes it. */
function header(secret = SECRET, timestamp = SECONDS, payload = body): string {
  return Stripe.webhooks.generateTestHeaderString({ payload: payload.toString(), secret, timestamp });
}
const verify = (given: string | undefined, bytes: Uint8Array = body, secrets = [SECRET]) =>
  verifyStripe(bytes, given, { secrets, now: NOW });

describe('a message from Stripe', () => {
  test('is accepted over its exact bytes', () => {
    expect(verify(header())).toEqual({ ok: true, secretIndex: 0 });
  });

  test('is accepted by the old and the new secret while one replaces the other', () => {
    const secrets = ['whsec_test_new', SECRET];
    expect(verify(header(), body, secrets)).toEqual({ ok: true, secretIndex: 1 });
    expect(verify(header('whsec_test_new'), body, secrets)).toEqual({ ok: true, secretIndex: 0 });
    // Stripe signs with both of its secrets in one header.
    const [, second = ''] = header('whsec_other').split(',');
    expect(verify(`${header()},${second}`).ok).toBe(true);
  });

  test('is accepted up to five minutes early or late, and not a second more', () => {
    const at = (offset: number) => verify(header(SECRET, SECONDS + offset));
    expect([at(-300).ok, at(300).ok]).toEqual([true, true]);
    expect(at(-301)).toMatchObject({ ok: false, code: 'too_old' });
    expect(at(301)).toMatchObject({ ok: false, code: 'too_new' });
    expect(at(10 * 365 * 86_400)).toMatchObject({ ok: false, code: 'too_new' });
  });

  const reparsed = Buffer.from(JSON.stringify(JSON.parse(body.toString())));
  test('is refused where the body was parsed and written again on its way', () => {
    expect(verify(header(), reparsed)).toMatchObject({ ok: false, code: 'no_match' });
  });

  test.each([
    ['without a header', undefined, 'header_missing'],
    ['with an empty header', '', 'header_missing'],
    ['with a header of something else', 'sha256=abc', 'header_invalid'],
    ['with a time and no signature', `t=${SECONDS}`, 'no_match'],
    ['with the legacy scheme only', header().replace('v1=', 'v0='), 'no_match'],
    ['with another endpoint’s secret', header('whsec_of_another'), 'no_match'],
    ['with a time that was not signed', header().replace(`t=${SECONDS}`, `t=${SECONDS + 1}`), 'no_match'],
    ['with two times, one of them signed', `t=${SECONDS + 1},${header()}`, 'header_invalid'],
  ])('is refused %s', (_name, given, code) => {
    const result = verify(given);
    expect(result).toMatchObject({ ok: false, code });
    expect(JSON.stringify(result)).not.toContain('whsec');
  });

  test('is refused where there is no secret to check it with', () => {
    expect(verify(header(), body, [])).toMatchObject({ ok: false, code: 'no_match' });
    expect(verify(header(''), body, [''])).toMatchObject({ ok: false, code: 'no_match' });
  });

  test('which is signed well and is no JSON is for the parser to refuse', () => {
    const noJson = Buffer.from('not json');
    expect(verify(header(SECRET, SECONDS, noJson), noJson).ok).toBe(true);
  });
});
