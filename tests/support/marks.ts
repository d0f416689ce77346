import type { Payload } from '@temporalio/common';
import proto, { type temporal } from '@temporalio/proto';

import { createPayloadCodec } from '../../worker/payload-codec.ts';
import { clearPayloads } from './clear-payloads.ts';
import { testKeyRing } from './temporal.ts';

/** Found nowhere but in what is known of the couple, in spellings that no id or word of ours contains. */
export const MARKS = {
  firstName: 'Xanthippe',
  lastName: 'Quillfeather',
  mailbox: 'xq.marked',
  phone: '+447700900777',
} as const;

/** What Temporal keeps of one workflow. */
export interface Kept {
  readonly history: temporal.api.history.v1.IHistory;
  /** Memo, search attributes, what is pending with its failures and heartbeat details. */
  readonly description: temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse;
}

const { History } = proto.temporal.api.history.v1;
const { DescribeWorkflowExecutionResponse } = proto.temporal.api.workflowservice.v1;
const codec = createPayloadCodec(testKeyRing);

/** The very bytes that lie on the server: events, memo, attributes, summaries, failures, heartbeats. */
export const rawBytes = ({ history, description }: Kept): string =>
  [History.encode(history).finish(), DescribeWorkflowExecutionResponse.encode(description).finish()]
    .map((bytes) => Buffer.from(bytes).toString('utf8'))
    .join('\n');

/** The same once somebody has the key: all that is within the payloads. */
export const clearText = async ({ history, description }: Kept): Promise<string> =>
  (await clearPayloads({ history, description }, codec)).map(textOf).join('\n');
export const textOf = ({ data }: Payload): string => Buffer.from(data ?? []).toString('utf8');

/** Which of the marks stand in a text, in whatever case. */
export const marksIn = (text: string, marks: readonly string[] = Object.values(MARKS)): string[] =>
  marks.filter((mark) => text.toLowerCase().includes(mark.toLowerCase()));
