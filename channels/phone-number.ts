import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';

export type PhoneNumber = {
  /** `+447700900123` (ITU-T E.164). */
  e164: string;
  /** ISO 3166, where the number tells. */
  country?: string;
  kind: 'mobile' | 'fixed_line' | 'unknown';
  /** False for numbers whose length is right but which no operator has, such as those reserved for fiction. */
  valid: boolean;
};

/**
 * Reads a telephone number as people write it.
 *
 * @param country ISO 3166 code for numbers without `+`: the organization's country
 * @returns null where it cannot be a telephone number
 */
export function parsePhoneNumber(text: string, country?: string): PhoneNumber | null {
  const parsed = parsePhoneNumberFromString(text, {
    ...(country === undefined ? {} : { defaultCountry: country as CountryCode }),
    // Without it, "call 07700 900123 or 01632 960123" would give one number out of two.
    extract: false,
  });
  // Possible, not valid: numbers kept for fiction (+44 7700 900xxx) are never valid and still must be usable.
  if (parsed === undefined || !parsed.isPossible()) return null;
  const type = parsed.getType();
  return {
    e164: parsed.number,
    ...(parsed.country === undefined ? {} : { country: parsed.country }),
    kind:
      type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE'
        ? 'mobile'
        : type === 'FIXED_LINE'
          ? 'fixed_line'
          : 'unknown',
    valid: parsed.isValid(),
  };
}
