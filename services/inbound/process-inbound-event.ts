import { endInboundEvent, openInboundEvent, type EventEnd, type OpenEvent } from '../../db/inbound.ts';
import type { Trx } from '../../db/tenant.ts';
import { applyMappedEvent } from './apply-mapped-event.ts';
import { applyStripeEvent } from '../payments/apply-stripe-event.ts';

/**
 * Processes one kept event in the transaction of its organization, which holds the event's row: two processors never do
 * it at once, and one that dies leaves it as it was. Done events stay done.
 */
export async function processInboundEvent(trx: Trx, eventId: string, organizationId: string): Promise<EventEnd | null> {
  const event = await openInboundEvent(trx, eventId);
  if (event === null || event.status === 'processed' || event.status === 'ignored') return null;
  const end = await apply(trx, event, organizationId);
  await endInboundEvent(trx, eventId, end);
  return end;
}

async function apply(trx: Trx, event: OpenEvent, organizationId: string): Promise<EventEnd> {
  if (event.source === 'stripe') return applyStripeEvent(trx, event, organizationId);
  if (event.source === 'custom') return applyMappedEvent(trx, event);
  return { kind: 'failed', reason: `Nothing is known about events of the kind "${event.source}".` };
}
