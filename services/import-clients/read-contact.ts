import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  validatePhoneNumberLength,
  type CountryCode,
  type PhoneNumber,
} from 'libphonenumber-js/max';

import { errorIn, nothing, plain, refused, warningIn, type Read } from './findings.ts';

type EmailField = 'email' | 'partner_2_email';
type PhoneField = 'phone' | 'partner_2_phone';

/** An address in the form in which it is kept: trimmed, as written. */
export function readEmail(text: string, field: EmailField): Read<string> {
  if (text === '') return nothing;
  const wrong = (code: string, message: string): Read<string> => refused(errorIn(field, code, message));
  const parts = text.split(/[;,\s]+/).filter((part) => part !== '');
  if (parts.length > 1 && parts.every((part) => part.includes('@'))) {
    return wrong('email_two', 'two addresses in one field; put the second one into partner_2_email');
  }
  if (!text.includes('@')) return wrong('email_no_at', `${text} is not an email address, the @ is missing`);
  // Kept plain: whether mail arrives only a mail can tell; this catches slips of the hand.
  if (
    !/^[^\s@<>(),;:"]+@[^\s@<>(),;:"]+\.[^\s@<>(),;:".]{2,}$/.test(text) ||
    text.includes('..') ||
    text.length > 320
  ) {
    return wrong('email_invalid', `${text} is not an email address; write it as name@example.com`);
  }
  return plain(text);
}

/** Numbers kept for films and examples, which no network has: valid enough for what is shown with them. */
const FICTION = [/^\+447700900\d{3}$/, /^\+1\d{3}55501\d{2}$/];

const inUse = (number: PhoneNumber): boolean => number.isValid() || FICTION.some((range) => range.test(number.number));
const TOO_SHORT = 'the telephone number is too short, a digit is missing; the couple would get no text messages';

/**
 * A telephone number as E.164.
 *
 * @param country whose numbers are written without a country code, as ISO 3166 (`GB`)
 */
export function readPhone(text: string, country: CountryCode, field: PhoneField): Read<string> {
  if (text === '') return nothing;
  const wrong = (code: string, message: string): Read<string> => refused(errorIn(field, code, message));
  if (/^\d([.,]\d+)?e\+?\d+$/i.test(text)) {
    return wrong(
      'phone_spreadsheet',
      `a spreadsheet has turned the telephone number into ${text} and its last digits are lost; format the column as text and export again`,
    );
  }
  switch (validatePhoneNumberLength(text, country)) {
    case 'TOO_SHORT':
    case 'INVALID_LENGTH':
      return wrong('phone_short', TOO_SHORT);
    case 'TOO_LONG':
      return wrong('phone_long', 'the telephone number is too long; put a second number into a field of its own');
    case 'NOT_A_NUMBER':
    case 'INVALID_COUNTRY':
      return wrong('phone_invalid', `${text} is not a telephone number; write it as 07700 900123 or +44 7700 900123`);
    case undefined:
  }
  const number = parsePhoneNumberFromString(text, country);
  if (number === undefined || !number.isPossible()) {
    return wrong('phone_invalid', `${text} is not a telephone number; write it as 07700 900123 or +44 7700 900123`);
  }
  if (inUse(number)) return plain(number.number);
  // Countries have numbers of several lengths; where one more digit makes a number of it, one is missing.
  const longer = Array.from({ length: 10 }, (_, digit) => parsePhoneNumberFromString(`${number.number}${digit}`));
  if (longer.some((candidate) => candidate !== undefined && inUse(candidate))) {
    return wrong('phone_short', TOO_SHORT);
  }
  return {
    value: number.number,
    findings: [
      warningIn(
        field,
        'phone_unassigned',
        `no network is known to have the number ${text}; it is kept, but look whether a digit is wrong`,
      ),
    ],
  };
}

/** The country of a locale such as `en-GB`. */
export function countryOfLocale(locale: string): CountryCode | undefined {
  const region = new Intl.Locale(locale).maximize().region;
  return region !== undefined && isSupportedCountry(region) ? region : undefined;
}

/** What two addresses are compared by: capital letters do not count. */
export const sameAddress = (email: string): string => email.toLowerCase();
