import { setTimeout as delay } from 'node:timers/promises';

import { ApplicationFailure } from '@temporalio/activity';

import type { SendOptions, SendResult } from '../channels/channel.ts';
import {
  claimOutgoing,
  requeueUnknown,
  settleOutgoing,
  type Claim,
  type OutgoingResult,
  type QueuedOutgoing,
} from '../db/outgoing.ts';
import { suppress } from '../db/suppressions.ts';
import { withTenant, type TenantContext, type Trx } from '../db/tenant.ts';
import { assertNever } from '../journeys/assert-never.ts';
import type { MessageStep } from '../journeys/definition.ts';
import { purposeOf } from '../journeys/recipients.ts';
import { toInstant } from './clock.ts';
import type { ReadyMessage } from './ready-message.ts';
import { RECEIPT_GRACE_MS, type Delivered } from './message-outcome.ts';
import type { StepRef } from './next-action.ts';
import { tenantOf, type StepDependencies } from './step-effect.ts';
import { tellOfChannel } from './tell-of-channel.ts';

/** Well within the activity's time limit (workflows/journey-run.ts). */
const SETTLE_WITHIN_MS = 60_000;

/** One way of reaching people, with the provider's name for the records. */
export interface Sender {
  readonly provider: string;
  send(message: ReadyMessage, options: SendOptions): Promise<SendResult>;
  /** Asks the provider whether it has a message whose answer was lost; absent where it cannot be asked. */
  find?(message: ReadyMessage, sentAfter: Date): Promise<{ readonly providerId: string } | null>;
}

export interface DeliverDependencies extends StepDependencies {
  readonly sender: Sender;
  /** How long one attempt may take, in milliseconds; after it the outcome is unknown. */
  readonly sendTimeoutMs: number;
}

export interface QueuedMessage {
  readonly message: ReadyMessage;
  readonly row: QueuedOutgoing;
  /** A sending limit has put it off. */
  readonly later: Extract<Delivered, { outcome: 'later' }> | null;
}

/** What became of a message, and what still has to be written down of it; null: nothing. */
export interface Delivery {
  readonly delivered: Delivered;
  readonly settle: ((trx: Trx) => Promise<void>) | null;
}

/**
 * One message of a step, as far as an earlier attempt did not do it: claimed at the last moment before the first byte
 * leaves, sent with a deadline. Its outcome is for the caller to write down: see {@link settleForSure}.
 */
export async function deliverMessage(
  dependencies: DeliverDependencies,
  ref: StepRef,
  step: MessageStep,
  { message, row, later }: QueuedMessage,
): Promise<Delivery> {
  const { database, clock, sender, sendTimeoutMs } = dependencies;
  const tenant = tenantOf(ref.organizationId, ref.executionId);
  const before = await earlier(dependencies, tenant, step, message, row);
  if (before !== null) return { delivered: before, settle: null };
  if (later !== null) return { delivered: later, settle: null };
  let claim: Promise<Claim> | undefined;
  const beforeHandOver = async (): Promise<void> => {
    claim ??= (async () => {
      const at = toInstant(await clock());
      return claimOutgoing(database, tenant, row.id, at);
    })();
    if ((await claim) !== 'claimed') throw new Error('The message may not go.');
  };
  const result = await sender.send(message, { beforeHandOver, signal: AbortSignal.timeout(sendTimeoutMs) });
  // Nothing of ours has left where the claim failed: the database did not answer, somebody else has it, or it may not go.
  const claimed = await claim?.catch((): Claim => 'lost');
  if (claimed === 'lost') throw ApplicationFailure.retryable('The message could not be claimed.', 'ClaimLost');
  if (claimed !== undefined && claimed !== 'claimed') {
    return { delivered: withheld(claimed, step, toInstant(await clock())), settle: null };
  }
  const at = toInstant(await clock());
  const known = settled(result, sender.provider, at);
  const settle = async (trx: Trx): Promise<void> => {
    await settleOutgoing(trx, row.id, known);
    await tellOfChannel(trx, step.type, message, result);
    if (result.outcome !== 'refused' || result.handling !== 'suppress') return;
    // Who has opted out at the provider has opted out here; any other such answer says that nobody is there.
    const reason = result.code === OPTED_OUT ? 'stop_keyword' : 'bounce';
    const { address } = message.to;
    await suppress(trx, { channel: step.type, address, purposes: null, reason, communicationId: row.id });
  };
  return { delivered: delivered(result, row.attempts + 1), settle };
}

/** Twilio's code for it. */
const OPTED_OUT = '21610';

/** Writes down what became of a message, in a transaction of its own. */
export function settleForSure(
  { database }: Pick<DeliverDependencies, 'database'>,
  { organizationId, executionId }: StepRef,
  settle: NonNullable<Delivery['settle']>,
): Promise<void> {
  return keepTrying(() => withTenant(database, tenantOf(organizationId, executionId), settle));
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

function withheld(verdict: Exclude<Claim, 'claimed' | 'lost'>, step: MessageStep, at: string): Delivered {
  switch (verdict) {
    case 'suppressed':
      return { outcome: 'withheld', reason: { code: 'suppressed', channel: step.type } };
    case 'no_consent':
      return { outcome: 'withheld', reason: { code: 'no_consent', channel: step.type, purpose: purposeOf(step) } };
    case 'stopped':
      return { outcome: 'withheld', reason: { code: 'stopped', at } };
    default:
      return assertNever(verdict);
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
  { database, clock, sender, sendTimeoutMs }: DeliverDependencies,
  tenant: TenantContext,
  step: MessageStep,
  message: ReadyMessage,
  { id, status, attempts, claimedAt }: QueuedOutgoing,
): Promise<Delivered | null> {
  const now = await clock();
  switch (status) {
    case 'sent':
    case 'delivered':
    case 'bounced':
    case 'complained':
      return { outcome: 'accepted' };
    case 'unknown': {
      const before = toInstant(new Date(now.getTime() - RECEIPT_GRACE_MS));
      if (step.ifUnknown === 'resend_once' && claimedAt !== null) {
        const found = await askProvider(sender, message, claimedAt);
        if (found !== null) {
          const at = toInstant(now);
          const detail = 'The provider has it.';
          const known = { status: 'sent', provider: sender.provider, providerId: found, detail, at } as const;
          await withTenant(database, tenant, (trx) => settleOutgoing(trx, id, known));
          return { outcome: 'accepted' };
        }
        if (await withTenant(database, tenant, (trx) => requeueUnknown(trx, id, before))) return null;
      }
      return { outcome: 'unknown', detail: 'The answer of the mail server was lost.', attempts };
    }
    case 'sending': {
      // Whoever claimed it may be alive behind a broken line: until its deadline is surely over, nobody judges.
      const restMs = (claimedAt?.getTime() ?? 0) + sendTimeoutMs - now.getTime();
      if (restMs > 0) {
        const why = 'Another attempt may still be sending this message.';
        throw ApplicationFailure.create({ message: why, type: 'StillSending', nextRetryDelay: restMs });
      }
      const detail = 'The process that was sending it died; the provider may have it.';
      const result = { status: 'unknown', provider: sender.provider, detail, at: toInstant(now) } as const;
      await withTenant(database, tenant, (trx) => settleOutgoing(trx, id, result));
      return { outcome: 'unknown', detail, attempts };
    }
    case 'suppressed':
      return withheld('suppressed', step, toInstant(now));
    case 'skipped':
      return withheld('no_consent', step, toInstant(now));
    case 'cancelled':
      return withheld('stopped', step, toInstant(now));
    case 'failed':
    case 'draft':
    case 'held':
      return { outcome: 'refused', code: status, detail: `The message is ${status}.` };
    case 'queued':
      return null;
    default:
      return assertNever(status);
  }
}

/** The provider's id of a message that it has after all. That it cannot be asked now says nothing. */
async function askProvider(sender: Sender, message: ReadyMessage, claimedAt: Date): Promise<string | null> {
  const found = await sender.find?.(message, new Date(claimedAt.getTime() - 60_000)).catch(() => null);
  return found?.providerId ?? null;
}
