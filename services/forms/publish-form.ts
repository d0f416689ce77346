import { isDeepStrictEqual } from 'node:util';

import { coreFields, type CoreField } from '../../db/core-fields.ts';
import { formVersions } from '../../db/form-desk.ts';
import { publishFormVersion } from '../../db/forms.ts';
import type { Trx } from '../../db/tenant.ts';
import { formDefinitionSchema, type FormDefinition, type FormField } from './form-definition.ts';

export type Publication =
  | { ok: true; change: 'added' | 'changed' | 'unchanged'; version: number }
  | { ok: false; problems: { path: string; message: string }[] };

/**
 * Publishes the next version of a form, or leaves it where nothing is different. Answers that were begun stay with the
 * version they were begun with.
 *
 * @param slug by which templates and conditions name the form
 */
export async function publishForm(trx: Trx, slug: string, input: unknown): Promise<Publication> {
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(slug)) {
    const message = `"${slug}" is no name of a form: small letters, digits and _, a letter first, such as final_numbers`;
    return { ok: false, problems: [{ path: '', message }] };
  }
  const parsed = formDefinitionSchema.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    return { ok: false, problems };
  }
  const problems = misplaced(parsed.data, await coreFields(trx));
  if (problems.length > 0) return { ok: false, problems };
  const [latest] = await formVersions(trx, slug);
  if (latest !== undefined && isDeepStrictEqual(formDefinitionSchema.safeParse(latest.definition).data, parsed.data)) {
    return { ok: true, change: 'unchanged', version: latest.version };
  }
  const { version } = await publishFormVersion(trx, { slug, name: parsed.data.title, definition: parsed.data });
  return { ok: true, change: latest === undefined ? 'added' : 'changed', version };
}

/** Which answers a common field of a type can take. */
const FITTING: Readonly<Record<string, readonly FormField['type'][]>> = {
  text: ['text', 'long_text', 'choice', 'address'],
  number: ['number'],
  date: ['date'],
  time: ['time'],
  boolean: ['yes_no'],
  email: ['email'],
  phone: ['phone'],
  address: ['address', 'text', 'long_text'],
  list: ['choices', 'long_text', 'text'],
};

function misplaced({ fields }: FormDefinition, known: readonly CoreField[]): { path: string; message: string }[] {
  return fields.flatMap(({ core, type }, index) => {
    if (core === undefined) return [];
    const path = `fields.${index}.core`;
    const field = known.find(({ key }) => key === core);
    if (field === undefined) {
      return [
        { path, message: `there is no common field "${core}"; there is: ${known.map(({ key }) => key).join(', ')}` },
      ];
    }
    if (FITTING[field.type]?.includes(type) === true) return [];
    return [{ path, message: `"${core}" is a ${field.type}, which a field of the type ${type} cannot fill` }];
  });
}
