import { z } from 'zod';

import { coreFields, type CoreField } from '../../db/core-fields.ts';
import { putCoreField } from '../../db/forms.ts';
import type { Trx } from '../../db/tenant.ts';

export type CoreFieldSetting = { ok: true; field: CoreField } | { ok: false; message: string };

/**
 * Sets a common field of a couple. What the couple says reaches every connected supplier with which it shares such
 * fields, in the same transaction; what a supplier notes stays with it. Triggers keep the history.
 *
 * @param said by whom
 * @param value null: it is not known any more
 */
export async function setCoreField(
  trx: Trx,
  { clientId, key, value, said }: { clientId: string; key: string; value: unknown; said: 'couple' | 'supplier' },
): Promise<CoreFieldSetting> {
  const known = await coreFields(trx);
  const field = known.find((one) => one.key === key);
  if (field === undefined) {
    return {
      ok: false,
      message: `There is no common field "${key}". There is: ${known.map((one) => one.key).join(', ')}.`,
    };
  }
  const parsed = z.union([z.null(), VALUES[field.type]]).safeParse(value);
  if (!parsed.success) return { ok: false, message: `"${key}" is ${EXPECTED[field.type]}.` };
  await putCoreField(trx, { clientId, key, value: parsed.data, source: said });
  return { ok: true, field };
}

const text = z.string().trim().min(1).max(5_000);
const VALUES: Readonly<Record<CoreField['type'], z.ZodType>> = {
  text,
  number: z.number(),
  date: z.iso.date(),
  time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
  boolean: z.boolean(),
  email: z.email().max(320),
  phone: z.string().regex(/^\+?[0-9][0-9 ().-]{4,28}[0-9]$/),
  address: text,
  list: z.union([text, z.array(text).max(1_000)]),
};
const EXPECTED: Readonly<Record<CoreField['type'], string>> = {
  text: 'a text of at most 5,000 characters',
  number: 'a number',
  date: 'a date such as 2027-06-12',
  time: 'a time such as 15:30',
  boolean: 'true or false',
  email: 'an email address',
  phone: 'a telephone number',
  address: 'an address of at most 5,000 characters',
  list: 'a text, or a list of texts such as ["vegan","nuts"]',
};
