import { describe, expect, it } from 'vitest';
import { readOptOut } from '../../channels/opt-out-keywords.ts';
import { parsePhoneNumber } from '../../channels/phone-number.ts';
import { smsCost, smsSize } from '../../channels/sms-segments.ts';

describe('a telephone number', () => {
  it.each([
    ['07700 900123', 'GB', '+447700900123'],
    ['+44 (0)7700 900123', 'GB', '+447700900123'],
    ['(202) 555-0143', 'US', '+12025550143'],
    ['0151 23456789', 'DE', '+4915123456789'],
    ['+61 491 570 156', 'GB', '+61491570156'],
  ])('%s in %s is %s', (text, country, e164) => {
    expect(parsePhoneNumber(text, country)?.e164).toBe(e164);
  });

  it.each(['', 'ring me', '12', '07700 900123 or 01632 960123', '+', '+999999999999'])('%j is none', (text) => {
    expect(parsePhoneNumber(text, 'GB')).toBeNull();
  });

  it('kept for fiction is usable and told to be unassigned', () => {
    expect(parsePhoneNumber('+447700900123')).toMatchObject({ e164: '+447700900123', valid: false });
  });

  it('tells a mobile from a landline', () => {
    expect(parsePhoneNumber('07911 123456', 'GB')).toMatchObject({ kind: 'mobile', valid: true });
    expect(parsePhoneNumber('020 7946 0018', 'GB')).toMatchObject({ kind: 'fixed_line' });
  });
});

describe('the size of a text', () => {
  it.each([
    ['a'.repeat(160), 'GSM-7', 1],
    ['a'.repeat(161), 'GSM-7', 2],
    ['a'.repeat(306), 'GSM-7', 2],
    ['a'.repeat(307), 'GSM-7', 3],
    ['€'.repeat(80), 'GSM-7', 1],
    ['€'.repeat(81), 'GSM-7', 2],
    [`${'a'.repeat(69)}’`, 'UCS-2', 1],
    [`${'a'.repeat(70)}’`, 'UCS-2', 2],
    ['💍'.repeat(36), 'UCS-2', 2],
  ])('counts %# as the networks do', (text, encoding, segments) => {
    expect(smsSize(text)).toMatchObject({ encoding, segments });
  });

  it('names the characters that make it expensive, and its price', () => {
    expect(smsSize('It’s Siân’s day 💍').costly).toEqual(expect.arrayContaining(['’', '💍']));
    expect(smsCost('a'.repeat(161), 4_200)).toBe(8_400);
  });
});

describe('a reply', () => {
  it.each([
    'STOP',
    ' stop ',
    'Stop.',
    'UNSUBSCRIBE',
    'Please stop texting me',
    'take me off your list',
    'No more texts thanks',
  ])('%j asks to stop', (text) => expect(readOptOut(text)).toBe('stop'));
  it.each(['START', 'unstop', 'Yes'])('%j asks to start again', (text) => expect(readOptOut(text)).toBe('start'));
  it.each(['HELP', 'info?'])('%j asks for help', (text) => expect(readOptOut(text)).toBe('help'));
  it.each([
    "Don't stop now, we love it!",
    'We stop at the venue at four',
    'Can we end at ten?',
    'yes please, hold it!',
    '',
  ])('%j is just a reply', (text) => expect(readOptOut(text)).toBeNull());
  it('is what Twilio says it is', () => {
    expect(readOptOut('arrête tout', 'STOP')).toBe('stop');
  });
});
