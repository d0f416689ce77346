/** Counts per key and lets a number of them through a minute, filling up again little by little. */
export interface RateLimit {
  /** Null: go ahead; otherwise the seconds after which to come back. */
  take(key: string, nowMs: number): number | null;
}

/** Keys are forgotten when they are full again, so that memory is bounded by the traffic of one minute. */
export function createRateLimit(perMinute: number, mostKeys = 50_000): RateLimit {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  const perMs = perMinute / 60_000;
  let sweptAtMs = 0;
  return {
    take(key, nowMs) {
      if (nowMs - sweptAtMs > 60_000 || buckets.size > mostKeys) {
        for (const [old, { atMs }] of buckets) if (nowMs - atMs > 60_000) buckets.delete(old);
        sweptAtMs = nowMs;
      }
      const before = buckets.get(key) ?? { tokens: perMinute, atMs: nowMs };
      const tokens = Math.min(perMinute, before.tokens + (nowMs - before.atMs) * perMs);
      if (tokens < 1) return Math.ceil((1 - tokens) / perMs / 1_000);
      buckets.set(key, { tokens: tokens - 1, atMs: nowMs });
      return null;
    },
  };
}
