import { SegmentedMessage } from 'sms-segments-calculator';

export type SmsSize = {
  encoding: 'GSM-7' | 'UCS-2';
  segments: number;
  characters: number;
  /** The characters that make the text UCS-2 and so shorten its segments from 160 to 70; each once. */
  costly: string[];
};

/** The size of a text as the networks count it (3GPP TS 23.038): 160 or 153 characters a segment, 70 or 67 in UCS-2. */
export function smsSize(text: string): SmsSize {
  const message = new SegmentedMessage(text);
  return {
    encoding: message.encodingName === 'UCS-2' ? 'UCS-2' : 'GSM-7',
    segments: message.segmentsCount,
    characters: message.numberOfCharacters,
    costly: [...new Set(message.getNonGsmCharacters())],
  };
}

/**
 * What a text will cost.
 *
 * @param pricePerSegment in thousandths of the currency's minor unit, as agreed with the provider for the country
 * @returns the cost in the same unit
 */
export function smsCost(text: string, pricePerSegment: number): number {
  return smsSize(text).segments * pricePerSegment;
}
