const HOUR_MS = 3_600_000;

/** An endpoint that took nothing for so long is switched off: longer than one whole ladder, so none is cut short. */
export const SWITCH_OFF_AFTER_MS = 120 * HOUR_MS;
const FIRST_WARNING = 0.5;
const LAST_WARNING = 0.9;

export type EndpointHealth = {
  /** Since when every attempt has failed; null where the last one succeeded. */
  failingSince: Date | null;
  /** Warnings the owner has had since then. */
  warnings: number;
};

/**
 * What a further failed attempt at `now` means for its endpoint: nothing yet, a warning to the owner (after half of the
 * time, and shortly before its end), or the end. One success starts it anew.
 */
export function judgeEndpoint(health: EndpointHealth, now: Date): 'keep' | 'warn' | 'switch_off' {
  if (health.failingSince === null) return 'keep';
  const share = (now.getTime() - health.failingSince.getTime()) / SWITCH_OFF_AFTER_MS;
  if (share >= 1) return 'switch_off';
  const due = share >= LAST_WARNING ? 2 : share >= FIRST_WARNING ? 1 : 0;
  return health.warnings < due ? 'warn' : 'keep';
}
