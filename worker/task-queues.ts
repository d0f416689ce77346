/** Where workflows and their activities wait for a worker. */
export const JOURNEYS_QUEUE = 'journeys';
