import { setTimeout as delay } from 'node:timers/promises';

import { ApplicationFailure, Context } from '@temporalio/activity';

import type { SendOptions, SendResult } from '../channels/channel.ts';
import {
  claimOutgoing,
  queueOutgoing,
  requeueUnknown,
  settleOutgoing,
  type OutgoingResult,
  type QueuedOutgoing,
} from '../db/outgoing.ts';
import { beginAttempt, finishStep, type StepResult } from '../db/step-effects.ts';
import { withTenant, type Trx } from '../db/tenant.ts';
import { assertNever } from '../journeys/assert-never.ts';
import { isMessage, type MessageStep } from '../journeys/definition.ts';
import { purposeOf, recipientsOf, unreachable } from '../journeys/recipients.ts';
import { composeMessage, type ComposedMessage, type Composing } from '../services/messages/compose-message.ts';
import { toInstant } from './clock.ts';
import { localDay } from './local-time.ts';
import { messageOutcome, RECEIPT_GRACE_MS, type Delivered } from './message-outcome.ts';
import type { NextAction, StepActivity, StepRef } from './next-action.ts';
import { planExecution } from './plan-execution.ts';
import { doneReason, endStep, tenantOf, whenDue, type DueStep, type StepDependencies } from './step-effect.ts';

/** A message with everything a provider has to know. */
export interface ReadyMessage extends Omit<ComposedMessage, 'templateId' | 'recipientName'> {
  readonly communicationId: string;
  readonly organizationId: string;
  readonly to: { readonly address: string; readonly name: string | null };
  readonly composedAt: Date;
}

/** Well within the activity's time limit (workflows/journey-run.ts). */
const SETTLE_WITHIN_MS = 60_000;

/** One way of reaching people, with the provider's name for the records. */
export interface Sender {
  readonly provider: string;
  send(message: ReadyMessage, options: SendOptions): Promise<SendResult>;
}

export interface SendDependencies extends StepDependencies, Composing {
  readonly sender: Sender;
  /** How long one attempt may take, in milliseconds; after it the outcome is unknown. */
  readonly sendTimeoutMs: number;
}

interface Queued {
  readonly message: ReadyMessage;
  readonly row: QueuedOutgoing;
}

interface Begun {
  readonly due: DueStep;
  readonly step: MessageStep;
  readonly attempts: number;
  readonly queued: readonly Queued[];
}

/**
 * Sends the messages of one step: begin (its turn? then the rows, committed), claim at the last moment before the first
 * byte, act with a deadline, classify, finish. Each half may be cut off at any point and called again; what has left
 * the house is never sent again unless the step's `ifUnknown` says so.
 */
export function createSendMessage(dependencies: SendDependencies): StepActivity {
  return async (ref) => {
    const stopBeating = beat();
    try {
      const begun = await whenDue(dependencies, ref, (trx, due) => begin(trx, due, ref, dependencies));
      if (!begun.due) return begun.next;
      if (begun.result.kind === 'ended') return begun.result.next;
      const answers: Delivered[] = [];
      for (const queued of begun.result.queued) {
        answers.push(await deliver(dependencies, ref, begun.result.step, queued));
      }
      return await finish(dependencies, ref, begun.result, answers);
    } finally {
      stopBeating();
    }
  };
}

/** Tells the server every few seconds that this process lives, so that its death is noticed as fast. */
function beat(): () => void {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 3_000);
  return () => clearInterval(timer);
}

type Beginning = ({ kind: 'queued' } & Begun) | { kind: 'ended'; next: NextAction };

async function begin(trx: Trx, due: DueStep, { organizationId }: StepRef, composing: Composing): Promise<Beginning> {
  const { execution, line, step } = due;
  if (!isMessage(step)) throw new Error(`The step ${step.key} sends no message.`);
  const { loaded, now } = execution;
  const attempt = await beginAttempt(trx, loaded.executionId, line, now);
  if (attempt === null) throw new Error(`The step ${step.key} has ended although the planner gave it the turn.`);

  const recipients = reachable(step, due);
  const queued: Queued[] = [];
  for (const recipient of recipients) {
    const composition = await composeMessage(trx, composing, {
      clientId: loaded.clientId,
      executionId: loaded.executionId,
      facts: loaded.facts,
      step,
      occurrence: line.occurrence,
      contactId: recipient.id,
    });
    if (!composition.ok) {
      const failed: StepResult = { state: 'failed', at: now, reason: { code: 'failed' }, error: composition.error };
      return { kind: 'ended', next: await endStep(trx, due, failed) };
    }
    const { templateId, recipientName, ...composed } = composition.message;
    const row = await queueOutgoing(trx, {
      clientId: loaded.clientId,
      contactId: recipient.id,
      executionId: loaded.executionId,
      stepExecutionId: attempt.stepExecutionId,
      key: line.key,
      occurrence: line.occurrence,
      templateId,
      type: step.type,
      purpose: purposeOf(step),
      recipient: recipient.address,
      recipientRole: recipient.role,
      subject: composed.subject === '' ? null : composed.subject,
      content: composed.html ?? composed.text,
      ifUnknown: step.ifUnknown ?? 'assume_sent',
      localOn: localDay(now, line.zone ?? loaded.facts.organization.zone),
      queuedAt: now,
    });
    const message: ReadyMessage = {
      ...composed,
      communicationId: row.id,
      organizationId,
      to: { address: recipient.address, name: recipientName },
      composedAt: new Date(now),
    };
    queued.push({ message, row });
  }
  return { kind: 'queued', due, step, attempts: attempt.attempts, queued };
}

type Recipient = { id: string; role: string; address: string };

/** Everybody the message is for who can be reached, each address once. */
function reachable(step: MessageStep, { execution }: DueStep): Recipient[] {
  const { facts } = execution.loaded;
  const seen = new Set<string>();
  return recipientsOf(step, facts).flatMap((contact) => {
    const address = step.type === 'email' ? contact.email : contact.phone;
    if (address === undefined || seen.has(address.toLowerCase())) return [];
    if (unreachable(step, { ...facts, contacts: [contact] }) !== null) return [];
    seen.add(address.toLowerCase());
    return [{ id: contact.id, role: contact.role, address }];
  });
}

async function deliver(
  dependencies: SendDependencies,
  ref: StepRef,
  step: MessageStep,
  { message, row }: Queued,
): Promise<Delivered> {
  const { database, clock, sender, sendTimeoutMs } = dependencies;
  const tenant = tenantOf(ref.organizationId, ref.executionId);
  const before = await earlier(dependencies, ref, step, row);
  if (before !== null) return before;
  let claim: Promise<void> | undefined;
  const beforeHandOver = (): Promise<void> => {
    claim ??= (async () => {
      const at = toInstant(await clock());
      const mine = await withTenant(database, tenant, (trx) => claimOutgoing(trx, row.id, at));
      if (!mine) throw new Error('Another attempt has claimed this message.');
    })();
    return claim;
  };
  const result = await sender.send(message, { beforeHandOver, signal: AbortSignal.timeout(sendTimeoutMs) });
  const lost = await claim?.then(
    () => false,
    () => true,
  );
  if (lost === true) {
    // Somebody else has it, or the database did not answer: nothing of ours has left. The next look will tell.
    throw ApplicationFailure.retryable('The message could not be claimed.', 'ClaimLost');
  }
  const at = toInstant(await clock());
  const known = settled(result, sender.provider, at);
  await keepTrying(() => withTenant(database, tenant, (trx) => settleOutgoing(trx, row.id, known)));
  return delivered(result, row.attempts + 1);
}

/**
 * The provider's answer is known to this process alone: while the database is away it is not given up, because the next
 * attempt could only call the outcome unknown.
 */
async function keepTrying(write: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  for (;;) {
    try {
      await write();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(500);
    }
  }
}

const STATUS = { accepted: 'sent', refused: 'failed', not_accepted: 'queued', unknown: 'unknown' } as const;

function settled(result: SendResult, provider: string, at: string): OutgoingResult {
  const { outcome, providerId, code, detail } = result;
  return { status: STATUS[outcome], provider, providerId, code, detail, at };
}

function delivered({ outcome, code, detail, retryAfterMs }: SendResult, attempts: number): Delivered {
  switch (outcome) {
    case 'accepted':
      return { outcome };
    case 'refused':
      return { outcome, code: code ?? 'refused', detail };
    case 'not_accepted':
      return { outcome, code: code ?? 'not_accepted', detail, retryAfterMs: retryAfterMs ?? 0 };
    case 'unknown':
      return { outcome, detail, attempts };
    default:
      return assertNever(outcome);
  }
}

/** What an earlier attempt, which may have died, left behind; null: the message may go once more. */
async function earlier(
  { database, clock, sender, sendTimeoutMs }: SendDependencies,
  { organizationId, executionId }: StepRef,
  step: MessageStep,
  { id, status, attempts, claimedAt }: QueuedOutgoing,
): Promise<Delivered | null> {
  const tenant = tenantOf(organizationId, executionId);
  const now = await clock();
  switch (status) {
    case 'sent':
    case 'delivered':
    case 'bounced':
    case 'complained':
      return { outcome: 'accepted' };
    case 'unknown': {
      const before = toInstant(new Date(now.getTime() - RECEIPT_GRACE_MS));
      const again =
        step.ifUnknown === 'resend_once' &&
        (await withTenant(database, tenant, (trx) => requeueUnknown(trx, id, before)));
      return again ? null : { outcome: 'unknown', detail: 'The answer of the mail server was lost.', attempts };
    }
    case 'sending': {
      // Whoever claimed it may be alive behind a broken line: until its deadline is surely over, nobody judges.
      const restMs = (claimedAt?.getTime() ?? 0) + sendTimeoutMs - now.getTime();
      if (restMs > 0) {
        const message = 'Another attempt may still be sending this message.';
        throw ApplicationFailure.create({ message, type: 'StillSending', nextRetryDelay: restMs });
      }
      const detail = 'The process that was sending it died; the provider may have it.';
      const result = { status: 'unknown', provider: sender.provider, detail, at: toInstant(now) } as const;
      await withTenant(database, tenant, (trx) => settleOutgoing(trx, id, result));
      return { outcome: 'unknown', detail, attempts };
    }
    case 'failed':
    case 'suppressed':
    case 'skipped':
    case 'cancelled':
    case 'draft':
    case 'held':
      return { outcome: 'refused', code: status, detail: `The message is ${status}.` };
    case 'queued':
      return null;
    default:
      return assertNever(status);
  }
}

async function finish(
  { database, clock }: SendDependencies,
  { organizationId, executionId }: StepRef,
  { due, step, attempts }: Begun,
  answers: readonly Delivered[],
): Promise<NextAction> {
  const now = await clock();
  const at = toInstant(now);
  const result: StepResult = { ...messageOutcome(step, answers, attempts, now, doneReason(due.line)), at };
  return withTenant(database, tenantOf(organizationId, executionId), async (trx) => {
    const planning = await planExecution(trx, executionId, at);
    if (planning.ended) {
      // Ended by somebody while the message was on its way: what happened is written down all the same.
      await finishStep(trx, executionId, due.line, result);
      return planning.next;
    }
    return endStep(trx, { ...due, execution: planning.execution }, result);
  });
}
