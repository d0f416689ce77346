// Other programs: whom we tell, and who tells us.

import type { ColumnLists } from './column-lists.ts';

const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed', 'exhausted', 'cancelled'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** What was decided after an attempt of a delivery. */
const DELIVERY_DECISIONS = ['delivered', 'retry', 'exhausted', 'failed', 'switch_off', 'lost'] as const;
export type DeliveryDecision = (typeof DELIVERY_DECISIONS)[number];

const WEBHOOK_SIGNATURES = ['hmac', 'ed25519'] as const;
export type WebhookSignature = (typeof WEBHOOK_SIGNATURES)[number];

const SOURCE_SYSTEMS = ['stripe', 'twilio', 'email', 'form', 'crm', 'custom'] as const;
export type SourceSystem = (typeof SOURCE_SYSTEMS)[number];

/** How an address of ours tells who is speaking. */
const INBOUND_PROVIDERS = ['stripe', 'standard_webhooks', 'hmac', 'token'] as const;
export type InboundProvider = (typeof INBOUND_PROVIDERS)[number];

const WEBHOOK_EVENT_STATUSES = ['pending', 'processing', 'processed', 'failed', 'ignored'] as const;
export type WebhookEventStatus = (typeof WEBHOOK_EVENT_STATUSES)[number];

const IMPORT_KINDS = ['clients', 'payments'] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

export const PROGRAMS_COLUMNS: ColumnLists = {
  'inbound_endpoints.provider': { type: 'InboundProvider', values: INBOUND_PROVIDERS },
  'webhook_deliveries.status': { type: 'DeliveryStatus', values: DELIVERY_STATUSES },
  'webhook_delivery_attempts.decision': { type: 'DeliveryDecision', values: DELIVERY_DECISIONS },
  'webhooks.signature': { type: 'WebhookSignature', values: WEBHOOK_SIGNATURES },
  'webhook_events.source_system': { type: 'SourceSystem', values: SOURCE_SYSTEMS },
  'webhook_events.status': { type: 'WebhookEventStatus', values: WEBHOOK_EVENT_STATUSES },
  'imports.kind': { type: 'ImportKind', values: IMPORT_KINDS },
};
