import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

import { openSecret, type SealingKeys } from '../channels/webhook/sealed-secret.ts';
import { judgeEndpoint } from '../channels/webhook/endpoint-health.ts';
import { nextAttempt, RETRY_LADDER_MS } from '../channels/webhook/retry-ladder.ts';
import { liveSecrets } from '../channels/webhook/rotate-keys.ts';
import { generateSigningKey, parseSigningKey, type SigningKey } from '../channels/webhook/signing-key.ts';
import type { WebhookChannel } from '../channels/webhook/webhook-channel.ts';
import type { WebhookResult } from '../channels/webhook/webhook-result.ts';
import type { Database } from '../db/database.ts';
import { withTenant, type TenantContext, type Trx } from '../db/tenant.ts';
import {
  beginDeliveryAttempt,
  finishDeliveryAttempt,
  type DeliveryRef,
  type FinishedAttempt,
  type OpenDelivery,
} from '../db/webhook-deliveries.ts';
import { mailOwners } from '../db/team-mails.ts';
import { noteWebhookHealth, switchWebhook, tellOwners } from '../db/webhooks.ts';
import type { Clock } from './clock.ts';
import type { DeliverWebhook } from './webhook-activities.ts';
import { responseSnippet, responseValue } from './webhook-response.ts';

export interface DeliverWebhookDependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly channel: WebhookChannel;
  /** Open the secrets of endpoints. */
  readonly sealingKeys: SealingKeys;
  /** 0 to 1. */
  readonly random: () => number;
  readonly ladderMs?: readonly number[];
}

/**
 * One attempt of one delivery: count it (committed), send it, write down its answer, and either end or fail with the
 * ladder's wait, so that Temporal calls again then. A process may die anywhere: what was counted without an answer is
 * sent again under the same id, which is how receivers tell a repetition.
 */
export function createDeliverWebhook(dependencies: DeliverWebhookDependencies): DeliverWebhook {
  const { database, clock, channel, random, ladderMs = RETRY_LADDER_MS } = dependencies;
  return async (ref) => {
    const tenant = tenantOf(ref);
    const begun = await withTenant(database, tenant, async (trx) => beginDeliveryAttempt(trx, ref, await clock()));
    if (begun.kind === 'ended') return begun.status;
    if (begun.kind === 'early') throw again('TooEarly', 'The next attempt is planned for later.', begun.waitMs);

    const { delivery } = begun;
    const id = webhookIdOf(ref);
    const result = await channel.send({ id, ...requestOf(delivery, ref, dependencies, await clock()) });
    const now = await clock();
    const next = nextAttempt(delivery.rung, result, random(), ladderMs);
    const nextAttemptAt = next.kind === 'retry' ? new Date(now.getTime() + next.afterMs) : null;
    const done: FinishedAttempt = {
      attempt: delivery.attempt,
      requestId: id,
      at: now,
      status: result.attempt.status,
      durationMs: result.attempt.durationMs,
      fault: result.attempt.fault,
      remoteAddress: result.attempt.remoteAddress,
      responseHeaders: result.attempt.responseHeaders,
      responseSnippet: responseSnippet(result.attempt.responseBody),
      error: result.outcome === 'accepted' ? null : result.detail,
      decision: next.kind,
      nextAttemptAt,
      value: delivery.stepExecutionId === null ? undefined : responseValue(result.attempt),
    };
    await withTenant(database, tenant, async (trx) => {
      await finishDeliveryAttempt(trx, ref, done);
      await followHealth(trx, ref, delivery, result, done);
    });
    if (next.kind === 'retry') throw again('NotDelivered', result.detail, next.afterMs);
    return next.kind;
  };
}

/** The `webhook-id` of a delivery, the same for all its attempts and replays. */
export function webhookIdOf({ deliveryId }: DeliveryRef): string {
  return `msg_${deliveryId.replaceAll('-', '')}`;
}

/** Temporal waits so long and calls the activity again; its history does not grow meanwhile. */
function again(type: string, message: string, afterMs: number): ApplicationFailure {
  const category = ApplicationFailureCategory.BENIGN;
  return ApplicationFailure.create({ type, message, category, nextRetryDelay: Math.max(1, afterMs) });
}

function tenantOf({ organizationId, deliveryId }: DeliveryRef): TenantContext {
  return { organizationId, actor: 'worker', requestId: `webhook/${organizationId}/${deliveryId}` };
}

function requestOf(delivery: OpenDelivery, ref: DeliveryRef, { sealingKeys }: DeliverWebhookDependencies, now: Date) {
  const { endpoint, url } = delivery;
  const open = (sealed: Buffer): string => openSecret(sealed, ref.organizationId, sealingKeys);
  const body = Buffer.from(JSON.stringify(inOrder(delivery.payload)));
  // An address that a step names itself has no secret to share: the signature is there, but nobody can check it.
  if (endpoint === null) return { url, body, keys: [keyOf(generateSigningKey('hmac'))] };
  const secrets = liveSecrets({ current: endpoint.secret, previous: endpoint.previousSecret }, now);
  const headers = endpoint.headers === null ? {} : (JSON.parse(open(endpoint.headers)) as Record<string, string>);
  return { url, body, headers, keys: secrets.map((sealed) => keyOf(open(sealed))) };
}

/** The database keeps no order of keys; receivers read events in the order of the specification. */
function inOrder(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || !('type' in payload && 'timestamp' in payload)) return payload;
  const { type, timestamp, ...rest } = payload;
  return { type, timestamp, ...rest };
}

function keyOf(text: string): SigningKey {
  const parsed = parseSigningKey(text);
  if (!parsed.ok) throw new Error(`A stored webhook secret cannot be used: ${parsed.message}`);
  return parsed.key;
}

/** Lasting failure is told to the owner, and in the end switches the endpoint off. */
async function followHealth(
  trx: Trx,
  { organizationId }: DeliveryRef,
  { endpoint }: OpenDelivery,
  result: WebhookResult,
  { at, decision, error }: FinishedAttempt,
): Promise<void> {
  if (endpoint === null) return;
  if (decision === 'delivered') {
    await noteWebhookHealth(trx, endpoint.id, { failingSince: null, warnings: 0 });
    return;
  }
  const failingSince = endpoint.failingSince ?? at;
  const judgement = judgeEndpoint({ failingSince, warnings: endpoint.warnings }, at);
  const reason = error ?? '';
  if (result.endpoint === 'switch_off' || judgement === 'switch_off') {
    const lasting = result.endpoint === 'switch_off' ? '' : ' It has taken nothing for five days.';
    await switchWebhook(trx, endpoint.id, false, `${reason}${lasting}`.trim(), at);
    const body = `${reason}${lasting} Repair it, then switch it on again and replay what was missed.`;
    const key = `webhook-off/${endpoint.id}/${at.toISOString()}`;
    await tellOwners(trx, key, `The webhook "${endpoint.name}" was switched off`, body.trim());
    await mailOwners(trx, key);
    return;
  }
  if (decision === 'exhausted') {
    // Once a day and endpoint: an outage of a day can end hundreds of deliveries.
    const key = `webhook-exhausted/${endpoint.id}/${at.toISOString().slice(0, 10)}`;
    await tellOwners(
      trx,
      key,
      `Something could not be delivered to the webhook "${endpoint.name}"`,
      `${reason} All attempts over three days failed.`,
    );
  }
  const warnings = endpoint.warnings + (judgement === 'warn' ? 1 : 0);
  await noteWebhookHealth(trx, endpoint.id, { failingSince, warnings });
  if (judgement === 'warn') {
    const key = `webhook-warning/${organizationId}/${endpoint.id}/${failingSince.toISOString()}/${warnings}`;
    const body = `${reason} It will be switched off after five days.`;
    await tellOwners(trx, key, `The webhook "${endpoint.name}" keeps failing`, body);
    await mailOwners(trx, key);
  }
}
