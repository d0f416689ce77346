import { publishFormVersion } from '../../db/forms.ts';
import type { Trx } from '../../db/tenant.ts';
import { formDefinitionSchema } from './form-definition.ts';

export type Publication =
  { ok: true; formId: string; version: number } | { ok: false; problems: { path: string; message: string }[] };

/** Publishes the next version of a form. Answers that were begun stay with the version they were begun with. */
export async function publishForm(trx: Trx, slug: string, input: unknown): Promise<Publication> {
  const parsed = formDefinitionSchema.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    return { ok: false, problems };
  }
  const { formId, version } = await publishFormVersion(trx, { slug, name: parsed.data.title, definition: parsed.data });
  return { ok: true, formId, version };
}
