import { z } from 'zod';

const count = (most: number) =>
  z.coerce.number('is not a number').int('is not a whole number').min(1, 'is below 1').max(most, `is above ${most}`);
/** Parts of a second are possible: one in ten seconds is 0.1. */
const rate = z.coerce.number('is not a number').positive('is not above 0').max(10_000, 'is above 10000').optional();

/** What an installation may say about its workers; part of SETTINGS in config.ts. */
export const WORKER_SETTINGS = {
  WORKER_WORKFLOW_SLOTS: {
    schema: count(1_000).default(40),
    example: '40',
    help: 'Workflow tasks that one worker does at once.',
  },
  WORKER_ACTIVITY_SLOTS: {
    schema: count(1_000).default(10),
    example: '10',
    help: 'Activities at once that belong to no channel: enrolments, reconciliation, upkeep.',
  },
  WORKER_LOCAL_SLOTS: {
    schema: count(1_000).default(10),
    example: '10',
    help: 'Plans and steps at once that only touch our rows; each holds a connection to the database.',
  },
  WORKER_CACHED_WORKFLOWS: {
    schema: count(100_000).default(500),
    example: '500',
    help: 'Executions that one worker keeps in memory, at about 1 MB each; the others are replayed when their turn comes.',
  },
  WORKER_POLLERS: {
    schema: count(100).default(10),
    example: '10',
    help: 'Most polls that one worker has open per task queue; how many there are follows the work.',
  },
  WORKER_ENROLMENTS_PER_SECOND: {
    schema: count(10_000).default(150),
    example: '150',
    help: 'Couples that begin a second when many are put on a journey at once.',
  },
  WORKER_PLANS_AHEAD: {
    schema: z
      .enum(['on', 'off'], { error: 'is neither "on" nor "off"' })
      .default('on')
      .transform((value) => value === 'on'),
    example: 'on',
    help: 'Whether the relay plans before it wakes an execution. Off while workers of a release before this setting run.',
  },
  WORKER_DATABASE_POOL: {
    schema: count(200).default(12),
    example: '12',
    help: 'Connections of one worker to the database, beside three of its relay.',
  },
  WORKER_SHUTDOWN_SECONDS: {
    schema: count(600).default(35),
    example: '35',
    help: 'How long sends under way may take when a worker is told to stop; give the process 30 seconds more.',
  },
  WORKER_EMAIL_SLOTS: {
    schema: count(1_000).default(20),
    example: '20',
    help: 'Sends of mails that one worker does at once.',
  },
  WORKER_EMAIL_PER_SECOND: {
    schema: rate,
    example: '14',
    help: 'Sends of mails a second, all workers together: the same on each of them. Absent: no limit.',
  },
  WORKER_SMS_SLOTS: {
    schema: count(1_000).default(10),
    example: '10',
    help: 'Sends of text messages that one worker does at once.',
  },
  WORKER_SMS_PER_SECOND: {
    schema: rate,
    example: '10',
    help: 'Sends of text messages a second, all workers together: the same on each of them. Absent: no limit.',
  },
  WORKER_WHATSAPP_SLOTS: {
    schema: count(1_000).default(10),
    example: '10',
    help: 'Sends of WhatsApp messages that one worker does at once.',
  },
  WORKER_WHATSAPP_PER_SECOND: {
    schema: rate,
    example: '40',
    help: 'Sends of WhatsApp messages a second, all workers together: the same on each of them. Absent: no limit.',
  },
  WORKER_WEBHOOK_SLOTS: {
    schema: count(1_000).default(20),
    example: '20',
    help: 'Sends of webhooks that one worker does at once.',
  },
  WORKER_WEBHOOK_PER_SECOND: {
    schema: rate,
    example: '50',
    help: 'Sends of webhooks a second, all workers together: the same on each of them. Absent: no limit.',
  },
  METRICS_ADDRESS: {
    schema: z
      .string()
      .regex(/^[^\s:/]+:\d{1,5}$/, 'is not host:port')
      .optional(),
    example: '0.0.0.0:9464',
    help: 'Where a worker offers metrics for Prometheus, at /metrics. Absent: nowhere.',
  },
} as const;
