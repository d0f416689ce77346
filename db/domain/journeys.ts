// Journeys, what becomes of them, and what sets them off.

import type { ColumnLists } from './column-lists.ts';

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

const BATCH_STATUSES = ['open', 'done'] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

export const JOURNEYS_COLUMNS: ColumnLists = {
  'journeys.status': { type: 'JourneyStatus', values: JOURNEY_STATUSES },
  'journey_steps.step_type': { type: 'StepType', values: STEP_TYPES },
  'journey_steps.delay_unit': { type: 'DelayUnit', values: DELAY_UNITS },
  'journey_steps.branch': { type: 'Arm', values: ARMS },
  'journey_executions.status': { type: 'ExecutionStatus', values: EXECUTION_STATUSES },
  'journey_step_executions.state': { type: 'StepState', values: STEP_STATES },
  'journey_step_executions.step_type': { type: 'StepType', values: STEP_TYPES },
  'tasks.status': { type: 'TaskStatus', values: TASK_STATUSES },
  'approvals.decision': { type: 'Decision', values: DECISIONS },
  'holds.scope': { type: 'HoldScope', values: HOLD_SCOPES },
  'holds.channel': { type: 'HeldChannel', values: HELD_CHANNELS },
  'holds.cause': { type: 'HoldCause', values: HOLD_CAUSES },
  'holds.late': { type: 'LateAnswer', values: LATE_ANSWERS },
  'enrolment_batches.status': { type: 'BatchStatus', values: BATCH_STATUSES },
  'outbox.event': { type: 'OutboxEvent', values: OUTBOX_EVENTS },
};
