import { smsSize } from '../channels/sms-segments.ts';
import { beginAndQueue, giveUpQueued, queueOutgoing, type NewOutgoing, type QueuedOutgoing } from '../db/outgoing.ts';
import { beginAttempt, finishStep, lockExecution, type StepResult } from '../db/step-effects.ts';
import { withTenant, type Trx } from '../db/tenant.ts';
import { isMessage, type MessageStep } from '../journeys/definition.ts';
import { purposeOf } from '../journeys/recipients.ts';
import { composeMessage, type ComposedMessage, type Composing } from '../services/messages/compose-message.ts';
import { toInstant } from './clock.ts';
import {
  deliverMessage,
  settleForSure,
  type DeliverDependencies,
  type Delivery,
  type QueuedMessage,
} from './deliver-message.ts';
import { localDay } from './local-time.ts';
import { messageOutcome, type Delivered } from './message-outcome.ts';
import type { NextAction, StepActivity, StepRef } from './next-action.ts';
import { planLocked } from './plan-execution.ts';
import { isLimited, putOff } from './put-off.ts';
import { addressedTo, reachableRecipients, type AddressedMessage, type Recipient } from './ready-message.ts';
import { doneReason, endStep, tenantOf, whenDue, type DueStep } from './step-effect.ts';
import { whileBeating } from './while-beating.ts';

export interface SendDependencies extends DeliverDependencies, Composing {
  /** What a segment of a text costs on the platform's account, in millionths of its currency. */
  readonly segmentPriceMicros?: number | undefined;
  /** Told how long after its moment a message had gone out, in milliseconds: for metrics. */
  readonly onSent?: ((channel: MessageStep['type'], lateMs: number) => void) | undefined;
}

interface Begun {
  readonly due: DueStep;
  readonly step: MessageStep;
  readonly attempts: number;
  readonly queued: readonly QueuedMessage[];
}

/**
 * Sends the messages of one step: begin (its turn? then the rows, committed), claim at the last moment before the first
 * byte, act with a deadline, classify, finish. Each half may be cut off at any point and called again; what has left
 * the house is never sent again unless the step's `ifUnknown` says so.
 */
export function createSendMessage(dependencies: SendDependencies): StepActivity {
  return (ref) =>
    whileBeating(async () => {
      const begun = await whenDue(dependencies, ref, (trx, due) => begin(trx, due, ref, dependencies));
      if (!begun.due) return begun.next;
      if (begun.result.kind === 'ended') return begun.result.next;
      const answers: Delivered[] = [];
      let settle: Delivery['settle'] = null;
      for (const queued of begun.result.queued) {
        // Before the next one leaves it is certain what became of this one.
        if (settle !== null) await settleForSure(dependencies, ref, settle);
        const delivery = await deliverMessage(dependencies, ref, begun.result.step, queued);
        answers.push(delivery.delivered);
        ({ settle } = delivery);
      }
      return finish(dependencies, ref, begun.result, answers, settle);
    });
}

type Beginning = ({ kind: 'queued' } & Begun) | { kind: 'ended'; next: NextAction };

async function begin(
  trx: Trx,
  due: DueStep,
  { organizationId }: StepRef,
  dependencies: SendDependencies,
): Promise<Beginning> {
  const { sender, segmentPriceMicros } = dependencies;
  const { execution, line, step } = due;
  if (!isMessage(step)) throw new Error(`The step ${step.key} sends no message.`);
  const { loaded, now } = execution;
  const addressed: { recipient: Recipient; templateId: string; message: AddressedMessage }[] = [];
  for (const recipient of reachableRecipients(step, due)) {
    const composition = await composeMessage(trx, dependencies, {
      clientId: loaded.clientId,
      executionId: loaded.executionId,
      facts: loaded.facts,
      step,
      occurrence: line.occurrence,
      contactId: recipient.id,
      provider: sender.provider,
    });
    const addressing = composition.ok ? addressedTo(recipient, composition.message, step, now) : composition;
    if (!addressing.ok) {
      await beginAttempt(trx, loaded.executionId, line, now);
      const failed: StepResult = { state: 'failed', at: now, reason: { code: 'failed' }, error: addressing.error };
      return { kind: 'ended', next: await endStep(trx, due, failed) };
    }
    addressed.push({ recipient, ...addressing });
  }
  const queued: QueuedMessage[] = [];
  let attempt: Awaited<ReturnType<typeof beginAttempt>> = null;
  for (const { recipient, templateId, message } of addressed) {
    const outgoing: NewOutgoing = {
      clientId: loaded.clientId,
      contactId: recipient.id,
      executionId: loaded.executionId,
      key: line.key,
      occurrence: line.occurrence,
      templateId,
      type: step.type,
      purpose: purposeOf(step),
      recipient: message.to.address,
      recipientRole: recipient.role,
      subject: message.subject === '' ? null : message.subject,
      content: message.html ?? message.text,
      ifUnknown: step.ifUnknown ?? 'assume_sent',
      localOn: localDay(now, line.zone ?? loaded.facts.organization.zone),
      queuedAt: now,
      ...sizeOf(step, message, segmentPriceMicros),
    };
    const limiting = {
      now,
      organization: loaded.facts.organization,
      settings: message.identity?.settings,
      provider: message.isProviderLimited && (message.identity?.sealed ?? null) === null ? sender.provider : null,
      isUrgent: purposeOf(step) === 'transactional',
    };
    const hasLimit = isLimited(limiting);
    let row: QueuedOutgoing;
    if (attempt === null) {
      const begun = await beginAndQueue(trx, line, now, outgoing, { isLast: addressed.length === 1 && !hasLimit });
      if (begun === null) throw new Error(`The step ${step.key} has ended although the planner gave it the turn.`);
      ({ attempt, row } = begun);
    } else {
      row = await queueOutgoing(trx, outgoing, attempt.stepExecutionId);
    }
    const later = hasLimit && row.status === 'queued' ? await putOff(trx, row.id, limiting) : null;
    queued.push({
      message: { ...message, communicationId: row.id, organizationId, composedAt: new Date(now) },
      row,
      later,
    });
  }
  attempt ??= await beginAttempt(trx, loaded.executionId, line, now);
  if (attempt === null) throw new Error(`The step ${step.key} has ended although the planner gave it the turn.`);
  return { kind: 'queued', due, step, attempts: attempt.attempts, queued };
}

/** What a text is paid as. An approved WhatsApp template and a mail are not paid by their length. */
function sizeOf(
  step: MessageStep,
  { text, identity }: Pick<ComposedMessage, 'text' | 'identity'>,
  platformPrice: number | undefined,
): { segments: number | null; costMicros: number | null } {
  if (step.type !== 'sms') return { segments: null, costMicros: null };
  const { segments } = smsSize(text);
  const own = (identity?.settings as { segmentPriceMicros?: unknown } | undefined)?.segmentPriceMicros;
  const price = typeof own === 'number' ? own : platformPrice;
  return { segments, costMicros: price === undefined ? null : segments * price };
}

/**
 * The end, with what became of the last message, in one transaction. Where that cannot be done (somebody holds the
 * execution, the plan cannot be made) at least the message is settled: its answer is known to this process alone.
 */
async function finish(
  dependencies: SendDependencies,
  ref: StepRef,
  begun: Begun,
  answers: readonly Delivered[],
  settle: Delivery['settle'],
): Promise<NextAction> {
  try {
    return await end(dependencies, ref, begun, answers, settle);
  } catch (error) {
    if (settle !== null) await settleForSure(dependencies, ref, settle);
    throw error;
  }
}

async function end(
  { database, clock, onSent }: SendDependencies,
  { organizationId, executionId }: StepRef,
  { due, step, attempts }: Begun,
  answers: readonly Delivered[],
  settle: Delivery['settle'],
): Promise<NextAction> {
  const now = await clock();
  const at = toInstant(now);
  const result: StepResult = { ...messageOutcome(step, answers, attempts, now, doneReason(due.line)), at };
  const wanted = due.line.runAt ?? due.line.dueAt;
  if (result.outcome === 'sent' && wanted !== null)
    onSent?.(step.type, Math.max(0, now.getTime() - Date.parse(wanted)));
  return withTenant(database, tenantOf(organizationId, executionId), async (trx) => {
    // The execution first and then the message, as everybody takes them.
    await lockExecution(trx, executionId);
    if (settle !== null) await settle(trx);
    if (result.state === 'done' && answers.some(({ outcome }) => outcome === 'not_accepted')) {
      await giveUpQueued(trx, { executionId, key: due.line.key, occurrence: due.line.occurrence, at });
    }
    const planning = await planLocked(trx, executionId, at);
    if (planning.ended) {
      // Ended by somebody while the message was on its way: what happened is written down all the same.
      await finishStep(trx, executionId, due.line, result);
      return planning.next;
    }
    return endStep(trx, { ...due, execution: planning.execution }, result);
  });
}
