import proto from '@temporalio/proto';

const { EventType } = proto.temporal.api.enums.v1;

/** With one of these at its end, a history waits for the worker. */
export const WAITING_FOR_WORKER: ReadonlySet<number> = new Set([
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
]);
