// Couples as a supplier knows them, how they are reached, and what they allow.

import type { ColumnLists } from './column-lists.ts';
import { CHANNELS, PURPOSES } from './messages.ts';

const CLIENT_STATUSES = ['lead', 'booked', 'married', 'cancelled', 'archived'] as const;
export type ClientStatus = (typeof CLIENT_STATUSES)[number];

const CONTACT_TYPES = ['email', 'phone', 'social'] as const;
export type ContactType = (typeof CONTACT_TYPES)[number];

const CONSENT_STATES = ['granted', 'withdrawn'] as const;
export type ConsentState = (typeof CONSENT_STATES)[number];

const CONSENT_SOURCES = ['supplier', 'couple', 'form', 'import', 'one_click', 'keyword', 'api'] as const;
export type ConsentSource = (typeof CONSENT_SOURCES)[number];

const SUPPRESSION_REASONS = ['unsubscribe', 'bounce', 'complaint', 'stop_keyword', 'manual'] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

const CLIENT_EVENT_SOURCES = ['api', 'couple', 'supplier', 'webhook', 'channel', 'system'] as const;
export type ClientEventSource = (typeof CLIENT_EVENT_SOURCES)[number];

const CORE_VALUE_SOURCES = ['supplier', 'couple', 'form', 'import', 'api'] as const;
export type CoreValueSource = (typeof CORE_VALUE_SOURCES)[number];

const RELATIONSHIP_STATUSES = ['invited', 'connected', 'paused', 'ended'] as const;
export type RelationshipStatus = (typeof RELATIONSHIP_STATUSES)[number];

const CORE_FIELD_TYPES = ['text', 'number', 'date', 'time', 'boolean', 'email', 'phone', 'address', 'list'] as const;
export type CoreFieldType = (typeof CORE_FIELD_TYPES)[number];

const CORE_FIELD_CATEGORIES = ['general', 'guests', 'budget'] as const;
export type CoreFieldCategory = (typeof CORE_FIELD_CATEGORIES)[number];

const COMPLETION_STATES = ['completed', 'partial', 'pending', 'not_applicable'] as const;
export type CompletionState = (typeof COMPLETION_STATES)[number];

export const COUPLES_COLUMNS: ColumnLists = {
  'clients.status': { type: 'ClientStatus', values: CLIENT_STATUSES },
  'client_contacts.contact_type': { type: 'ContactType', values: CONTACT_TYPES },
  'consents.channel': { type: 'Channel', values: CHANNELS },
  'consents.purpose': { type: 'Purpose', values: PURPOSES },
  'consents.state': { type: 'ConsentState', values: CONSENT_STATES },
  'consents.source': { type: 'ConsentSource', values: CONSENT_SOURCES },
  'suppressions.channel': { type: 'Channel', values: CHANNELS },
  'suppressions.reason': { type: 'SuppressionReason', values: SUPPRESSION_REASONS },
  'client_events.source': { type: 'ClientEventSource', values: CLIENT_EVENT_SOURCES },
  'core_field_values.source': { type: 'CoreValueSource', values: CORE_VALUE_SOURCES },
  'couple_supplier_relationships.status': { type: 'RelationshipStatus', values: RELATIONSHIP_STATUSES },
  'core_fields.data_type': { type: 'CoreFieldType', values: CORE_FIELD_TYPES },
  'core_fields.category': { type: 'CoreFieldCategory', values: CORE_FIELD_CATEGORIES },
  'field_completion_states.status': { type: 'CompletionState', values: COMPLETION_STATES },
};
