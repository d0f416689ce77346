import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import proto, { type temporal } from '@temporalio/proto';
import { z } from 'zod';

import { testDataConverter } from './temporal.ts';

const { EventType } = proto.temporal.api.enums.v1;
const localActivity = z.object({ activity_type: z.string() });
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;

/**
 * What a workflow had done, as lines that a second run gives again: activities with their inputs, ids left out, and
 * timers. Plans and signals are left out, since how many of them there are depends on what came in together; timers are
 * told to the hour, because real ones begin a moment after the instant they count from.
 */
export async function traceOf({ events }: temporal.api.history.v1.IHistory): Promise<string[]> {
  const lines: string[] = [];
  for (const event of events ?? []) {
    const line = await lineOf(event);
    // A timer that is set again to the same moment after a signal is the same timer.
    if (line !== null && !(line.startsWith('timer') && lines.at(-1) === line)) lines.push(line);
  }
  return lines;
}

async function lineOf(event: temporal.api.history.v1.IHistoryEvent): Promise<string | null> {
  const timer = event.timerStartedEventAttributes;
  if (timer) return `timer of ${roughly(Number(timer.startToFireTimeout?.seconds ?? 0))}`;
  const activity = event.activityTaskScheduledEventAttributes;
  if (activity) return `${activity.activityType?.name} ${await inputOf(activity.input?.payloads?.[0])}`;
  const marker = event.markerRecordedEventAttributes;
  if (marker?.markerName === 'core_local_activity') {
    const [data] = marker.details?.['data']?.payloads ?? [];
    const { activity_type } = localActivity.parse(data && defaultPayloadConverter.fromPayload(data));
    return activity_type === 'planStep' ? null : `${activity_type} in the task`;
  }
  const { eventType } = event;
  if (eventType === EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED) return 'cancelled';
  const completed = event.workflowExecutionCompletedEventAttributes;
  return completed ? `ends: ${await valueOf(completed.result?.payloads?.[0])}` : null;
}

const roughly = (seconds: number): string => {
  if (seconds < HOUR_S / 2) return 'minutes';
  const hours = Math.round(seconds / HOUR_S);
  return hours % 24 === 0 ? `${hours / 24} days` : `${hours} hours`;
};

async function inputOf(payload: Payload | undefined): Promise<string> {
  const input = JSON.parse(await valueOf(payload)) as Record<string, unknown>;
  const shown = Object.entries(input).map(([key, value]) => [key, key.endsWith('Id') ? '<id>' : value]);
  return JSON.stringify(Object.fromEntries(shown));
}

async function valueOf(payload: Payload | undefined): Promise<string> {
  const [clear] = (await testDataConverter.payloadCodecs?.[0]?.decode(payload ? [payload] : [])) ?? [];
  return JSON.stringify(clear === undefined ? null : defaultPayloadConverter.fromPayload(clear));
}
