import type { NextAction, RunAction, StepActivityName } from '../activities/next-action.ts';
import { channelQueue, type ChannelQueue } from './task-queues.ts';

const CHANNEL_OF: Partial<Readonly<Record<StepActivityName, ChannelQueue>>> = {
  sendEmail: 'email',
  sendSms: 'sms',
  sendWhatsapp: 'whatsapp',
};

type AnsweringWithAction = (input: never) => Promise<unknown>;

/**
 * Sends wait in the task queue of their channel, which has slots and a rate of its own: a thousand mails to go hold up
 * no text message, and no plan. Where a send waits is part of the activities' answer, so that running workflows need not
 * know about it.
 *
 * @param taskQueue the queue of the workflows
 */
export function routeSends<T extends object>(activities: T, taskQueue: string): T {
  const route = (run: RunAction): RunAction => {
    const channel = CHANNEL_OF[run.activity];
    return channel === undefined ? run : { ...run, queue: channelQueue(taskQueue, channel) };
  };
  const routed = (answer: unknown): unknown => {
    if (!isNextAction(answer)) return answer;
    if (answer.kind === 'run') return { ...answer, ...route(answer) };
    return answer.kind === 'wait' && answer.whenDue !== null ? { ...answer, whenDue: route(answer.whenDue) } : answer;
  };
  return Object.fromEntries(
    Object.entries(activities as Record<string, AnsweringWithAction>).map(([name, carryOut]) => [
      name,
      async (input: never) => routed(await carryOut(input)),
    ]),
  ) as unknown as T;
}

const isNextAction = (answer: unknown): answer is NextAction =>
  typeof answer === 'object' && answer !== null && 'kind' in answer;
