// The closed lists of the database, each equal to a check constraint there (a test compares them). Types generated from
// the database take these unions instead of `string`.

const BUSINESS_TYPES = [
  'photographer',
  'videographer',
  'venue',
  'caterer',
  'planner',
  'florist',
  'band',
  'dj',
  'cake',
  'hair_makeup',
  'transport',
  'stationery',
  'celebrant',
  'other',
] as const;
export type BusinessType = (typeof BUSINESS_TYPES)[number];

const PRICING_TIERS = ['free', 'starter', 'professional', 'scale', 'enterprise'] as const;
export type PricingTier = (typeof PRICING_TIERS)[number];

const SUBSCRIPTION_STATUSES = ['trialing', 'active', 'past_due', 'cancelled'] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

const MEMBER_ROLES = ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

const CLIENT_STATUSES = ['lead', 'booked', 'married', 'cancelled', 'archived'] as const;
export type ClientStatus = (typeof CLIENT_STATUSES)[number];

const CONTACT_TYPES = ['email', 'phone', 'social'] as const;
export type ContactType = (typeof CONTACT_TYPES)[number];

const CHANNELS = ['email', 'sms', 'whatsapp'] as const;
export type Channel = (typeof CHANNELS)[number];

const PURPOSES = ['transactional', 'service', 'marketing'] as const;
export type Purpose = (typeof PURPOSES)[number];

const CONSENT_STATES = ['granted', 'withdrawn'] as const;
export type ConsentState = (typeof CONSENT_STATES)[number];

const CONSENT_SOURCES = ['supplier', 'couple', 'form', 'import', 'one_click', 'keyword', 'api'] as const;
export type ConsentSource = (typeof CONSENT_SOURCES)[number];

const SUPPRESSION_REASONS = ['unsubscribe', 'bounce', 'complaint', 'stop_keyword', 'manual'] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

const CLIENT_EVENT_SOURCES = ['api', 'couple', 'supplier', 'webhook', 'channel', 'system'] as const;
export type ClientEventSource = (typeof CLIENT_EVENT_SOURCES)[number];

const JOURNEY_STATUSES = ['draft', 'active', 'paused', 'archived'] as const;
export type JourneyStatus = (typeof JOURNEY_STATUSES)[number];

const STEP_TYPES = [
  'email',
  'sms',
  'whatsapp',
  'notification',
  'task',
  'delay',
  'condition',
  'wait_for',
  'webhook',
  'update_client',
] as const;
export type StepType = (typeof STEP_TYPES)[number];

const DELAY_UNITS = ['minutes', 'hours', 'days', 'weeks', 'months'] as const;
export type DelayUnit = (typeof DELAY_UNITS)[number];

const ARMS = ['yes', 'no'] as const;
export type Arm = (typeof ARMS)[number];

const EXECUTION_STATUSES = ['pending', 'active', 'paused', 'completed', 'stopped', 'failed', 'cancelled'] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

/** The planner's word for a step; the column `status` is derived from it. */
const STEP_STATES = [
  'planned',
  'waiting',
  'held',
  'will_skip',
  'done',
  'skipped',
  'failed',
  'unknown',
  'not_taken',
] as const;
export type StepState = (typeof STEP_STATES)[number];

const INVOICE_STATUSES = ['draft', 'sent', 'paid', 'partially_paid', 'overdue', 'void'] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

const PAYMENT_STATUSES = ['pending', 'succeeded', 'failed', 'refunded', 'partially_refunded', 'cancelled'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

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

const FORM_STATUSES = ['draft', 'published', 'archived'] as const;
export type FormStatus = (typeof FORM_STATUSES)[number];

const SUBMISSION_STATUSES = ['draft', 'submitted', 'archived'] as const;
export type SubmissionStatus = (typeof SUBMISSION_STATUSES)[number];

const CORE_VALUE_SOURCES = ['supplier', 'couple', 'form', 'import', 'api'] as const;
export type CoreValueSource = (typeof CORE_VALUE_SOURCES)[number];

const TASK_STATUSES = ['open', 'done', 'dismissed'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

const DECISIONS = ['approved', 'rejected'] as const;
export type Decision = (typeof DECISIONS)[number];

const HOLD_SCOPES = ['organization', 'journey', 'client', 'execution', 'channel'] as const;
export type HoldScope = (typeof HOLD_SCOPES)[number];

const HELD_CHANNELS = ['email', 'sms', 'whatsapp', 'webhook'] as const;
export type HeldChannel = (typeof HELD_CHANNELS)[number];

const HOLD_CAUSES = ['person', 'conversation'] as const;
export type HoldCause = (typeof HOLD_CAUSES)[number];

const LATE_ANSWERS = ['send', 'skip', 'ask'] as const;
export type LateAnswer = (typeof LATE_ANSWERS)[number];

const OUTBOX_EVENTS = [
  'client.created',
  'client.booked',
  'client.status',
  'client.cancelled',
  'client.deleted',
  'wedding_date.set',
  'payment.scheduled',
  'payment.due',
  'payment.succeeded',
  'payment.failed',
  'invoice.overdue',
  'form.submitted',
  'core_field.changed',
  'reply',
  'event',
  'facts.changed',
  'enrolment.requested',
] as const;
export type OutboxEvent = (typeof OUTBOX_EVENTS)[number];

const RELATIONSHIP_STATUSES = ['invited', 'connected', 'paused', 'ended'] as const;
export type RelationshipStatus = (typeof RELATIONSHIP_STATUSES)[number];

const CORE_FIELD_TYPES = ['text', 'number', 'date', 'time', 'boolean', 'email', 'phone', 'address', 'list'] as const;
export type CoreFieldType = (typeof CORE_FIELD_TYPES)[number];

const CORE_FIELD_CATEGORIES = ['general', 'guests', 'budget'] as const;
export type CoreFieldCategory = (typeof CORE_FIELD_CATEGORIES)[number];

const COMPLETION_STATES = ['completed', 'partial', 'pending', 'not_applicable'] as const;
export type CompletionState = (typeof COMPLETION_STATES)[number];

const FORM_FIELD_TYPES = [
  'text',
  'long_text',
  'number',
  'date',
  'time',
  'choice',
  'choices',
  'yes_no',
  'email',
  'phone',
  'address',
  'file',
  'signature',
] as const;
export type FormFieldType = (typeof FORM_FIELD_TYPES)[number];

/** What is done with rows older than a policy allows. */
const RETENTION_ACTIONS = ['delete', 'anonymise'] as const;
export type RetentionAction = (typeof RETENTION_ACTIONS)[number];

const SUBJECT_TYPES = ['client', 'couple'] as const;
export type SubjectType = (typeof SUBJECT_TYPES)[number];

const REQUEST_STATUSES = ['pending', 'running', 'completed', 'failed'] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

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

const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed', 'exhausted', 'cancelled'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

const TEAM_MAIL_STATUSES = ['queued', 'sending', 'sent', 'failed', 'unknown'] as const;
export type TeamMailStatus = (typeof TEAM_MAIL_STATUSES)[number];

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

const BATCH_STATUSES = ['open', 'done'] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

interface ColumnList {
  /** Name of the union in this file. */
  readonly type: string;
  readonly values: readonly string[];
}

/** Which list belongs to which column of `app`. */
export const COLUMN_LISTS: Readonly<Record<string, ColumnList>> = {
  'organizations.business_type': { type: 'BusinessType', values: BUSINESS_TYPES },
  'organizations.pricing_tier': { type: 'PricingTier', values: PRICING_TIERS },
  'organizations.subscription_status': { type: 'SubscriptionStatus', values: SUBSCRIPTION_STATUSES },
  'user_profiles.role': { type: 'MemberRole', values: MEMBER_ROLES },
  'clients.status': { type: 'ClientStatus', values: CLIENT_STATUSES },
  'client_contacts.contact_type': { type: 'ContactType', values: CONTACT_TYPES },
  'consents.channel': { type: 'Channel', values: CHANNELS },
  'consents.purpose': { type: 'Purpose', values: PURPOSES },
  'consents.state': { type: 'ConsentState', values: CONSENT_STATES },
  'consents.source': { type: 'ConsentSource', values: CONSENT_SOURCES },
  'suppressions.channel': { type: 'Channel', values: CHANNELS },
  'suppressions.reason': { type: 'SuppressionReason', values: SUPPRESSION_REASONS },
  'client_events.source': { type: 'ClientEventSource', values: CLIENT_EVENT_SOURCES },
  'journeys.status': { type: 'JourneyStatus', values: JOURNEY_STATUSES },
  'journey_steps.step_type': { type: 'StepType', values: STEP_TYPES },
  'journey_steps.delay_unit': { type: 'DelayUnit', values: DELAY_UNITS },
  'journey_steps.branch': { type: 'Arm', values: ARMS },
  'journey_executions.status': { type: 'ExecutionStatus', values: EXECUTION_STATUSES },
  'journey_step_executions.state': { type: 'StepState', values: STEP_STATES },
  'journey_step_executions.step_type': { type: 'StepType', values: STEP_TYPES },
  'inbound_endpoints.provider': { type: 'InboundProvider', values: INBOUND_PROVIDERS },
  'invoices.status': { type: 'InvoiceStatus', values: INVOICE_STATUSES },
  'payments.status': { type: 'PaymentStatus', values: PAYMENT_STATUSES },
  'communication_templates.channel': { type: 'MessageType', values: MESSAGE_TYPES },
  'communication_templates.template_type': { type: 'TemplateKind', values: TEMPLATE_KINDS },
  'content_approvals.status': { type: 'ApprovalStatus', values: APPROVAL_STATUSES },
  'communications.type': { type: 'MessageType', values: MESSAGE_TYPES },
  'communications.direction': { type: 'Direction', values: DIRECTIONS },
  'communications.purpose': { type: 'Purpose', values: PURPOSES },
  'communications.status': { type: 'CommunicationStatus', values: COMMUNICATION_STATUSES },
  'communications.if_unknown': { type: 'IfUnknown', values: IF_UNKNOWN },
  'forms.status': { type: 'FormStatus', values: FORM_STATUSES },
  'form_submissions.status': { type: 'SubmissionStatus', values: SUBMISSION_STATUSES },
  'core_field_values.source': { type: 'CoreValueSource', values: CORE_VALUE_SOURCES },
  'tasks.status': { type: 'TaskStatus', values: TASK_STATUSES },
  'approvals.decision': { type: 'Decision', values: DECISIONS },
  'holds.scope': { type: 'HoldScope', values: HOLD_SCOPES },
  'holds.channel': { type: 'HeldChannel', values: HELD_CHANNELS },
  'holds.cause': { type: 'HoldCause', values: HOLD_CAUSES },
  'holds.late': { type: 'LateAnswer', values: LATE_ANSWERS },
  'subscriptions.pricing_tier': { type: 'PricingTier', values: PRICING_TIERS },
  'subscriptions.status': { type: 'SubscriptionStatus', values: SUBSCRIPTION_STATUSES },
  'data_retention_policies.action': { type: 'RetentionAction', values: RETENTION_ACTIONS },
  'data_export_requests.subject_type': { type: 'SubjectType', values: SUBJECT_TYPES },
  'data_export_requests.status': { type: 'RequestStatus', values: REQUEST_STATUSES },
  'data_deletion_requests.subject_type': { type: 'SubjectType', values: SUBJECT_TYPES },
  'data_deletion_requests.status': { type: 'RequestStatus', values: REQUEST_STATUSES },
  'couple_supplier_relationships.status': { type: 'RelationshipStatus', values: RELATIONSHIP_STATUSES },
  'core_fields.data_type': { type: 'CoreFieldType', values: CORE_FIELD_TYPES },
  'core_fields.category': { type: 'CoreFieldCategory', values: CORE_FIELD_CATEGORIES },
  'field_completion_states.status': { type: 'CompletionState', values: COMPLETION_STATES },
  'form_fields.field_type': { type: 'FormFieldType', values: FORM_FIELD_TYPES },
  'communication_events.event_type': { type: 'CommunicationEventType', values: COMMUNICATION_EVENT_TYPES },
  'team_mails.status': { type: 'TeamMailStatus', values: TEAM_MAIL_STATUSES },
  'webhook_deliveries.status': { type: 'DeliveryStatus', values: DELIVERY_STATUSES },
  'webhook_delivery_attempts.decision': { type: 'DeliveryDecision', values: DELIVERY_DECISIONS },
  'webhooks.signature': { type: 'WebhookSignature', values: WEBHOOK_SIGNATURES },
  'webhook_events.source_system': { type: 'SourceSystem', values: SOURCE_SYSTEMS },
  'webhook_events.status': { type: 'WebhookEventStatus', values: WEBHOOK_EVENT_STATUSES },
  'sending_days.channel': { type: 'Channel', values: CHANNELS },
  'email_campaigns.channel': { type: 'Channel', values: CHANNELS },
  'email_campaigns.purpose': { type: 'Purpose', values: PURPOSES },
  'email_campaigns.status': { type: 'CampaignStatus', values: CAMPAIGN_STATUSES },
  'enrolment_batches.status': { type: 'BatchStatus', values: BATCH_STATUSES },
  'payment_history.new_status': { type: 'PaymentStatus', values: PAYMENT_STATUSES },
  'outbox.event': { type: 'OutboxEvent', values: OUTBOX_EVENTS },
};
