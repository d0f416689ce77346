/** Whether a request really comes from the provider. The reason is for the log; the caller answers 403 without it. */
export type Verdict = { ok: true } | { ok: false; reason: string };

export const GENUINE: Verdict = { ok: true };

export function forged(reason: string): Verdict {
  return { ok: false, reason };
}

/** How far a provider's clock may be from ours, both ways, in milliseconds. */
export const TIME_TOLERANCE_MS = 5 * 60 * 1_000;
