/** Where workflows and the activities that only touch our rows wait for a worker. */
export const JOURNEYS_QUEUE = 'journeys';

/** What leaves the house by a provider, each with a queue of its own. */
export const CHANNEL_QUEUES = ['email', 'sms', 'whatsapp', 'webhook'] as const;
export type ChannelQueue = (typeof CHANNEL_QUEUES)[number];

/** Task queue of a channel, beside the one of the workflows. */
export const channelQueue = (taskQueue: string, channel: ChannelQueue): string => `${taskQueue}-${channel}`;
