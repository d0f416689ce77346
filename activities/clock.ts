/** Tells the time. The worker asks the database, so that all workers agree; tests turn the hands. */
export type Clock = () => Promise<Date>;

/** ISO 8601 UTC to the second, as plans and ledgers have it. Cut, never rounded up: a step is never early. */
export function toInstant(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
