// Messages, their templates and what becomes of them.

import type { ColumnLists } from './column-lists.ts';

export const CHANNELS = ['email', 'sms', 'whatsapp'] as const;
export type Channel = (typeof CHANNELS)[number];

export const PURPOSES = ['transactional', 'service', 'marketing'] as const;
export type Purpose = (typeof PURPOSES)[number];

const MESSAGE_TYPES = ['email', 'sms', 'whatsapp', 'system'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

const TEMPLATE_KINDS = ['journey', 'part'] as const;
export type TemplateKind = (typeof TEMPLATE_KINDS)[number];

const DIRECTIONS = ['outbound', 'inbound'] as const;
export type Direction = (typeof DIRECTIONS)[number];

const COMMUNICATION_STATUSES = [
  'draft',
  'queued',
  'held',
  'sending',
  'sent',
  'delivered',
  'bounced',
  'complained',
  'failed',
  'suppressed',
  'skipped',
  'cancelled',
  'unknown',
  'received',
] as const;
export type CommunicationStatus = (typeof COMMUNICATION_STATUSES)[number];

const IF_UNKNOWN = ['assume_sent', 'resend_once', 'ask'] as const;
export type IfUnknown = (typeof IF_UNKNOWN)[number];

const COMMUNICATION_EVENT_TYPES = [
  'queued',
  'sent',
  'delivered',
  'deferred',
  'opened',
  'clicked',
  'bounced',
  'complained',
  'failed',
  'unsubscribed',
  'replied',
] as const;
export type CommunicationEventType = (typeof COMMUNICATION_EVENT_TYPES)[number];

const TEAM_MAIL_STATUSES = ['queued', 'sending', 'sent', 'failed', 'unknown'] as const;
export type TeamMailStatus = (typeof TEAM_MAIL_STATUSES)[number];

/** What WhatsApp says about a template. */
const APPROVAL_STATUSES = [
  'unsubmitted',
  'received',
  'pending',
  'approved',
  'rejected',
  'paused',
  'disabled',
  'missing',
  'unknown',
] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

const CAMPAIGN_STATUSES = ['draft', 'scheduled', 'sending', 'paused', 'completed', 'cancelled'] as const;
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number];

export const MESSAGES_COLUMNS: ColumnLists = {
  'communication_templates.channel': { type: 'MessageType', values: MESSAGE_TYPES },
  'communication_templates.template_type': { type: 'TemplateKind', values: TEMPLATE_KINDS },
  'content_approvals.status': { type: 'ApprovalStatus', values: APPROVAL_STATUSES },
  'communications.type': { type: 'MessageType', values: MESSAGE_TYPES },
  'communications.direction': { type: 'Direction', values: DIRECTIONS },
  'communications.purpose': { type: 'Purpose', values: PURPOSES },
  'communications.status': { type: 'CommunicationStatus', values: COMMUNICATION_STATUSES },
  'communications.if_unknown': { type: 'IfUnknown', values: IF_UNKNOWN },
  'communication_events.event_type': { type: 'CommunicationEventType', values: COMMUNICATION_EVENT_TYPES },
  'team_mails.status': { type: 'TeamMailStatus', values: TEAM_MAIL_STATUSES },
  'sending_days.channel': { type: 'Channel', values: CHANNELS },
  'email_campaigns.channel': { type: 'Channel', values: CHANNELS },
  'email_campaigns.purpose': { type: 'Purpose', values: PURPOSES },
  'email_campaigns.status': { type: 'CampaignStatus', values: CAMPAIGN_STATUSES },
};
