/** `npm run test:chaos` goes through all of it; `npm test` through a part. */
export const FULL = process.env['CHAOS'] === 'full';

/** A step must go on within a minute of the end of what kept it. */
export const RESUMED_WITHIN_MS = 60_000;

/** So long may a crowd keep a busy machine: how much is done in which time is for benches to say. */
export const WORKED_OFF_MS = 240_000;
