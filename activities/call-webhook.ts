import type { TemplateRenderer } from '../channels/template-renderer.ts';
import { addDelivery, findStepDelivery, type StepDelivery } from '../db/webhook-deliveries.ts';
import { findWebhook } from '../db/webhooks.ts';
import { beginAttempt, type StepResult } from '../db/step-effects.ts';
import type { Trx } from '../db/tenant.ts';
import { createCalendar } from '../journeys/calendar.ts';
import type { WebhookStep } from '../journeys/definition.ts';
import { dueAt } from '../journeys/due.ts';
import type { Composing } from '../services/messages/compose-message.ts';
import { toInstant } from './clock.ts';
import { fillIn } from './fill-in.ts';
import type { StepActivity } from './next-action.ts';
import { carryOutHere, doneReason, type DueStep, type StepDependencies } from './step-effect.ts';

type Ended = Omit<StepResult, 'at'>;

/** Longer than the ladder of a delivery: without a limit of its own a step waits until that has ended. */
const LONGEST_WAIT_MS = 5 * 24 * 3_600_000;

/**
 * Hands a call to the deliveries, which have a retry ladder and a life of their own. The journey goes on at once; where
 * the step waits for the answer it stays open until the delivery has ended (a trigger gives it its turn then) or its
 * limit has come.
 */
export function createCallWebhook(dependencies: StepDependencies & Composing): StepActivity {
  return (ref) =>
    carryOutHere(dependencies, ref, async (trx, due) => {
      const { step, line, execution } = due;
      if (step.type !== 'webhook') throw new Error(`The step ${step.key} calls nobody.`);
      const { executionId } = execution.loaded;
      const idempotencyKey = `${executionId}/${line.key}/${line.occurrence}`;
      const attempt = await beginAttempt(trx, executionId, line, execution.now);
      const known = await findStepDelivery(trx, idempotencyKey);
      if (known !== null) return answered(due, step, known, attempt?.attempts ?? 1);

      const target = await targetOf(trx, step);
      if (target === null) {
        const message = `There is no webhook endpoint "${step.endpoint ?? ''}". Set it up, then retry the step.`;
        return { state: 'failed', reason: { code: 'failed' }, error: { code: 'endpoint_missing', message } };
      }
      await addDelivery(trx, {
        target,
        eventType: 'journey.webhook',
        payload: await payloadOf(trx, dependencies.renderer, due, step),
        idempotencyKey,
        clientId: execution.loaded.clientId,
        stepExecutionId: attempt?.stepExecutionId,
      });
      if (step.wait === undefined) return { state: 'done', reason: doneReason(line) };
      return waiting(limitOf(due, step, new Date(execution.now)), 1);
    });
}

/** What the delivery that was asked for has come to. */
function answered(due: DueStep, step: WebhookStep, delivery: StepDelivery, attempts: number): Ended {
  if (step.wait === undefined) return { state: 'done', reason: doneReason(due.line) };
  if (delivery.status === 'succeeded') return accepted(due, step.wait.for, delivery.value);
  if (delivery.status === 'exhausted' || delivery.status === 'cancelled') {
    return failed('not_delivered', delivery.error ?? 'The webhook could not be delivered.');
  }
  const limit = limitOf(due, step, delivery.createdAt);
  if (toInstant(limit) > due.execution.now) return waiting(limit, attempts);
  return failed('no_answer_in_time', 'The receiver did not answer within the limit of the step.');
}

function accepted({ line }: DueStep, wanted: 'accepted' | 'value', value: unknown): Ended {
  if (wanted === 'accepted') return { state: 'done', reason: doneReason(line), outcome: 'accepted' };
  const outcome = wordOf(value);
  if (outcome !== null) return { state: 'done', reason: doneReason(line), outcome };
  const message = 'The receiver accepted it, but its answer holds no value: JSON such as {"value": "yes"} is expected.';
  return failed('no_value', message);
}

/** A text, number or truth value, or the one under "value": conditions compare words. */
function wordOf(value: unknown): string | null {
  const bare = typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
  const isWord = typeof bare === 'string' || typeof bare === 'number' || typeof bare === 'boolean';
  return isWord && String(bare) !== '' ? String(bare).slice(0, 200) : null;
}

function waiting(until: Date, attempts: number): Ended {
  const problem = 'The webhook was sent; its answer is waited for.';
  return { state: 'planned', reason: { code: 'retry', attempts, problem }, nextAttemptAt: toInstant(until) };
}

function failed(code: string, message: string): Ended {
  return { state: 'failed', reason: { code: 'failed' }, error: { code, message } };
}

/** The limit counts from when the webhook was handed over. */
function limitOf({ execution }: DueStep, step: WebhookStep, begun: Date): Date {
  const limit = step.wait?.limit;
  if (limit === undefined) return new Date(begun.getTime() + LONGEST_WAIT_MS);
  const { organization } = execution.loaded.facts;
  const zone = createCalendar().zone(organization.zone);
  return new Date(dueAt(step, limit, { kind: 'instant', at: begun.getTime(), day: null }, zone, organization).at);
}

async function targetOf(trx: Trx, step: WebhookStep): Promise<{ webhookId: string } | { url: string } | null> {
  if (step.url !== undefined) return { url: step.url };
  const webhook = step.endpoint === undefined ? null : await findWebhook(trx, step.endpoint);
  return webhook === null ? null : { webhookId: webhook.id };
}

/** The step's own payload, exactly as it is written there with its templates filled in; else the standard one. */
async function payloadOf(trx: Trx, renderer: TemplateRenderer, due: DueStep, step: WebhookStep): Promise<unknown> {
  if (step.payload !== undefined) {
    return filled(step.payload, async (text) => (await fillIn(trx, renderer, due, [text]))[0] ?? text);
  }
  const { execution, line } = due;
  const { executionId, clientId, journeyId } = execution.loaded;
  const data = { clientId, executionId, journeyId, step: { key: line.key, occurrence: line.occurrence } };
  return { type: 'journey.webhook', timestamp: execution.now, data };
}

/** Every text in the payload is a template; its shape stays. */
async function filled(value: unknown, fill: (text: string) => Promise<string>): Promise<unknown> {
  if (typeof value === 'string') return fill(value);
  if (Array.isArray(value)) return Promise.all(value.map((item) => filled(item, fill)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await filled(item, fill)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
