import { stepExecutionId } from '../db/step-effects.ts';
import { addDelivery } from '../db/webhook-deliveries.ts';
import { findWebhook } from '../db/webhooks.ts';
import type { Trx } from '../db/tenant.ts';
import type { WebhookStep } from '../journeys/definition.ts';
import { fillIn } from './fill-in.ts';
import type { StepActivity } from './next-action.ts';
import { carryOutHere, doneReason, type DueStep, type StepDependencies } from './step-effect.ts';

/** Hands a call to the deliveries, which have a retry ladder and a life of their own: the journey goes on at once. */
export function createCallWebhook(dependencies: StepDependencies): StepActivity {
  return (ref) =>
    carryOutHere(dependencies, ref, async (trx, due) => {
      const { step, line, execution } = due;
      if (step.type !== 'webhook') throw new Error(`The step ${step.key} calls nobody.`);
      const { executionId, clientId, journeyId } = execution.loaded;
      const target = await targetOf(trx, step);
      if (target === null) {
        const message = `There is no webhook endpoint "${step.endpoint ?? ''}". Set it up, then retry the step.`;
        return { state: 'failed', reason: { code: 'failed' }, error: { code: 'endpoint_missing', message } };
      }
      const data = await filled(trx, due, step.payload ?? {});
      await addDelivery(trx, {
        target,
        eventType: 'journey.webhook',
        payload: { clientId, executionId, journeyId, step: line.key, occurrence: line.occurrence, data },
        idempotencyKey: `${executionId}/${line.key}/${line.occurrence}`,
        clientId,
        stepExecutionId: (await stepExecutionId(trx, executionId, line)) ?? undefined,
      });
      return { state: 'done', reason: doneReason(line) };
    });
}

async function targetOf(trx: Trx, step: WebhookStep): Promise<{ webhookId: string } | { url: string } | null> {
  if (step.url !== undefined) return { url: step.url };
  const webhook = step.endpoint === undefined ? null : await findWebhook(trx, step.endpoint);
  return webhook === null ? null : { webhookId: webhook.id };
}

/** Every text in the payload is a template; its shape stays. */
async function filled(trx: Trx, due: DueStep, value: unknown): Promise<unknown> {
  if (typeof value === 'string') return (await fillIn(trx, due, [value]))[0];
  if (Array.isArray(value)) return Promise.all(value.map((item) => filled(trx, due, item)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await filled(trx, due, item)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
