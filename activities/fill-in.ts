import { renderTemplate } from '../channels/templates.ts';
import { loadMessage } from '../db/load-message.ts';
import type { Trx } from '../db/tenant.ts';
import { messageVariables } from './message-variables.ts';
import type { DueStep } from './step-effect.ts';

/**
 * Fills in titles, notes and bodies of what goes to the team. A text that needs a value this couple does not have stays
 * as it was written: a task with a gap in its title is better than no task.
 */
export async function fillIn(trx: Trx, { execution }: DueStep, texts: readonly string[]): Promise<string[]> {
  if (!texts.some((text) => text.includes('{'))) return [...texts];
  const { clientId, facts } = execution.loaded;
  const source = await loadMessage(trx, { clientId, template: '', channel: 'sms', locale: null });
  if (source === null) return [...texts];
  const variables = messageVariables(source, facts, null, null);
  return texts.map((body) => {
    const rendered = renderTemplate({ channel: 'sms', body, locale: source.organization.locale }, variables);
    return rendered.ok ? rendered.text : body;
  });
}
