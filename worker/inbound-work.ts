import type { Logger } from 'pino';

import type { Database } from '../db/database.ts';
import { endInboundEvent, leaseInboundEvents, openInboundEvent, type LeasedEvent } from '../db/inbound.ts';
import { withRelay } from '../db/relay.ts';
import { withTenant } from '../db/tenant.ts';
import { MappedEventError } from '../services/inbound/apply-mapped-event.ts';
import { processInboundEvent } from '../services/inbound/process-inbound-event.ts';
import { poll, type Poll } from './poll.ts';

export interface InboundWorkOptions {
  /** Opened as app_relay: leases events of all organizations. */
  readonly relayDatabase: Database;
  /** Opened as app_worker: processes each within its organization. */
  readonly workerDatabase: Database;
  readonly log: Logger;
  readonly batchSize?: number;
  readonly idleMs?: number;
}

const LEASE_MS = 60_000;
const AFTER_ERROR_MS = 2_000;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 3_600_000;
/** Over about half a day; then a person looks. */
const MOST_RETRIES = 15;

/** Processes what other programs told us, a moment after it was kept. Several may run; one may die at any point. */
export function startInboundWork(options: InboundWorkOptions): Poll {
  const { log, idleMs = 200 } = options;
  const onError = (error: unknown): void =>
    log.error({ err: error }, 'inbound events could not be processed; another try follows');
  return poll(() => processInboundOnce(options), { idleMs, afterErrorMs: AFTER_ERROR_MS, onError });
}

/** Takes one batch. Answers with how many were leased. */
export async function processInboundOnce(options: InboundWorkOptions): Promise<number> {
  const { relayDatabase, batchSize = 50 } = options;
  const leased = await withRelay(relayDatabase, (trx) => leaseInboundEvents(trx, batchSize, LEASE_MS));
  for (const event of leased) await processOne(options, event);
  return leased.length;
}

async function processOne(
  { workerDatabase, log }: InboundWorkOptions,
  { id, organizationId }: LeasedEvent,
): Promise<void> {
  const tenant = { organizationId, actor: 'worker', requestId: `inbound/${id}` };
  try {
    await withTenant(workerDatabase, tenant, (trx) => processInboundEvent(trx, id, organizationId));
  } catch (error) {
    if (error instanceof MappedEventError) {
      // The rows forbid it, and would again: it waits for a person, or for another mapping.
      const end = { kind: 'failed', reason: error.message } as const;
      await withTenant(workerDatabase, tenant, (trx) => endInboundEvent(trx, id, end));
      return;
    }
    log.warn({ err: error, inboundEventId: id }, 'an inbound event could not be processed');
    const reason = error instanceof Error ? error.message : String(error);
    await withTenant(workerDatabase, tenant, async (trx) => {
      const retries = (await openInboundEvent(trx, id))?.retryCount ?? 0;
      if (retries >= MOST_RETRIES) return endInboundEvent(trx, id, { kind: 'failed', reason });
      const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** retries);
      return endInboundEvent(trx, id, { kind: 'retry', reason, at: new Date(Date.now() + waitMs) });
    });
  }
}
