import type { Info } from '@temporalio/activity';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { z } from 'zod';

import type { Sender } from '../activities/deliver-message.ts';
import type { OutboxEvent } from '../db/outbox.ts';
import { organizationOf } from './organization-of.ts';
import type { SpanAttributes, Tracing } from './tracing.ts';

/** The ids that inputs of activities have; what else stands in them stays there. */
const ids = z.object({
  executionId: z.guid().optional(),
  batchId: z.guid().optional(),
  deliveryId: z.guid().optional(),
  key: z.string().optional(),
  occurrence: z.number().optional(),
});

/** A span for every attempt of an activity, local ones too. */
export function traceActivities(tracing: Tracing): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      execute: (input, next) =>
        tracing.span(
          { name: info.activityType, kind: 'consumer', attributes: { ...ofActivity(info), ...ofInput(input.args[0]) } },
          async (tell) => {
            try {
              const answer = await next(input);
              tell({ 'wedsync.outcome': 'completed' });
              return answer;
            } catch (error) {
              tell({ 'wedsync.outcome': error instanceof CancelledFailure ? 'cancelled' : 'failed' });
              throw error;
            }
          },
        ),
    },
  });
}

function ofActivity(info: Info): SpanAttributes {
  const workflowId = info.workflowExecution?.workflowId;
  return {
    'temporal.workflow.id': workflowId,
    'temporal.run.id': info.workflowExecution?.runId,
    'temporal.workflow.type': info.workflowType,
    'temporal.activity.type': info.activityType,
    'temporal.activity.id': info.activityId,
    'temporal.activity.attempt': info.attempt,
    'temporal.activity.local': info.isLocal,
    'temporal.task_queue': info.taskQueue,
    'wedsync.organization.id': organizationOf(workflowId),
  };
}

function ofInput(input: unknown): SpanAttributes {
  const { success, data } = ids.safeParse(input);
  if (!success) return {};
  return {
    'wedsync.execution.id': data.executionId,
    'wedsync.batch.id': data.batchId,
    'wedsync.delivery.id': data.deliveryId,
    'wedsync.step.key': data.key,
    'wedsync.step.occurrence': data.occurrence,
  };
}

/** A span for everything that is asked of Temporal about a workflow: starts, signals, updates. */
export function traceClient(tracing: Tracing): WorkflowClientInterceptor {
  const asked = <T>(verb: string, what: string, workflowId: string | undefined, ask: () => Promise<T>): Promise<T> =>
    tracing.span(
      {
        name: `${verb} ${what}`,
        kind: 'client',
        attributes: { 'temporal.workflow.id': workflowId, 'wedsync.organization.id': organizationOf(workflowId) },
      },
      ask,
    );
  return {
    startWithDetails: (input, next) => asked('start', input.workflowType, input.options.workflowId, () => next(input)),
    signal: (input, next) => asked('signal', input.signalName, input.workflowExecution.workflowId, () => next(input)),
    startUpdate: (input, next) =>
      asked('update', input.updateName, input.workflowExecution.workflowId, () => next(input)),
  };
}

/** The same sender, with a span for what its provider took and answered. */
export function traceSender(tracing: Tracing, channel: string, sender: Sender): Sender {
  return {
    provider: sender.provider,
    ...(sender.find === undefined ? {} : { find: sender.find.bind(sender) }),
    send: (message, options) =>
      tracing.span(
        {
          name: `${sender.provider} ${channel}`,
          kind: 'client',
          attributes: { 'wedsync.channel': channel, 'wedsync.provider': sender.provider },
        },
        async (tell) => {
          const result = await sender.send(message, options);
          tell({ 'wedsync.outcome': result.outcome, 'wedsync.provider.code': result.code });
          return result;
        },
      ),
  };
}

/** A span for bringing the events of one couple to its journeys, with what is asked of Temporal within it. */
export function traceEvents<T>(
  tracing: Tracing | null | undefined,
  events: readonly OutboxEvent[],
  work: () => Promise<T>,
): Promise<T> {
  if (tracing === null || tracing === undefined) return work();
  const attributes = {
    'wedsync.outbox.id': events.map(({ id }) => id).join(),
    'wedsync.event': events.map(({ event }) => event).join(),
    'wedsync.organization.id': events[0]?.organizationId,
  };
  return tracing.span({ name: 'relay events', kind: 'consumer', attributes }, work);
}
