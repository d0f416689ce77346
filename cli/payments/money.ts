import { InvalidArgumentError } from 'commander';

/** `1450.00` as pence. */
export function pence(text: string): number {
  if (/^\d{1,8}(\.\d{1,2})?$/.test(text)) return Math.round(Number(text) * 100);
  throw new InvalidArgumentError('An amount such as 1450.00.');
}

/** Pence as `1450.00 GBP`. */
export const money = (amount: number, currency: string): string => `${(amount / 100).toFixed(2)} ${currency}`;

export function currency(text: string): string {
  if (/^[A-Z]{3}$/.test(text)) return text;
  throw new InvalidArgumentError('Three capital letters such as GBP.');
}

export function limit(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new InvalidArgumentError('A whole number from 1 to 10000.');
}
