import type { TemplateRenderer } from '../channels/template-renderer.ts';
import { loadMessage } from '../db/load-message.ts';
import type { Trx } from '../db/tenant.ts';
import { messageVariables } from '../services/messages/message-variables.ts';
import type { DueStep } from './step-effect.ts';

/**
 * Fills in titles, notes and bodies of what goes to the team. A text that needs a value this couple does not have stays
 * as it was written: a task with a gap in its title is better than no task.
 */
export async function fillIn(
  trx: Trx,
  renderer: TemplateRenderer,
  { execution }: DueStep,
  texts: readonly string[],
): Promise<string[]> {
  if (!texts.some((text) => text.includes('{'))) return [...texts];
  const { clientId, facts } = execution.loaded;
  const source = await loadMessage(trx, { clientId, template: '', channel: 'sms', locale: null });
  if (source === null) return [...texts];
  const variables = messageVariables(source, facts, null, null);
  return Promise.all(
    texts.map(async (body) => {
      const rendered = await renderer.render({ channel: 'sms', body, locale: source.organization.locale }, variables);
      return rendered.ok ? rendered.text : body;
    }),
  );
}
