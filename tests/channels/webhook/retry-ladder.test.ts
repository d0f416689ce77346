import { array, assert, double, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeEndpoint, SWITCH_OFF_AFTER_MS } from '../../../channels/webhook/endpoint-health.ts';
import { retryAfterMs } from '../../../channels/webhook/retry-after.ts';
import { nextAttempt, RETRY_LADDER_MS } from '../../../channels/webhook/retry-ladder.ts';

const FAILED = { outcome: 'not_accepted', endpoint: 'keep' } as const;
const HOUR = 3_600_000;

/** The waits of a receiver that never answers. */
function climb(random: () => number): number[] {
  const waits: number[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const next = nextAttempt(attempt, FAILED, random());
    if (next.kind !== 'retry') return waits;
    waits.push(next.afterMs);
  }
}

describe('the ladder', () => {
  test('has ten attempts over 75 hours and 35 minutes', () => {
    const waits = climb(() => 0.5);
    expect(waits.map((ms) => ms / 1000)).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    expect(waits.reduce((sum, ms) => sum + ms) / HOUR).toBeCloseTo(75.58, 1);
  });

  test('spreads each wait by a fifth at most, and never climbs in less than two and a half days', () => {
    assert(
      property(array(double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }), (dice) => {
        const waits = climb(() => dice.shift() ?? 0);
        expect(waits).toHaveLength(9);
        for (const [index, wait] of waits.entries()) {
          const rung = RETRY_LADDER_MS[index + 1] ?? 0;
          expect(wait).toBeGreaterThanOrEqual(Math.floor(rung * 0.8));
          expect(wait).toBeLessThanOrEqual(Math.ceil(rung * 1.2));
        }
        expect(waits.reduce((sum, ms) => sum + ms)).toBeGreaterThan(60 * HOUR);
      }),
    );
  });

  test('ends as exhausted after the tenth failed attempt, and not before', () => {
    expect(nextAttempt(9, FAILED, 0).kind).toBe('retry');
    expect(nextAttempt(10, FAILED, 0)).toEqual({ kind: 'exhausted' });
  });

  test('waits as long as the receiver asks, where that is longer, but a day at most', () => {
    const asked = (ms: number) => nextAttempt(1, { ...FAILED, retryAfterMs: ms }, 0.5);
    expect(asked(HOUR)).toEqual({ kind: 'retry', afterMs: HOUR });
    expect(asked(1)).toEqual({ kind: 'retry', afterMs: 5000 });
    expect(asked(400 * HOUR)).toEqual({ kind: 'retry', afterMs: 24 * HOUR });
  });

  test('goes on where the answer was lost, since the receiver tells a repetition by its id', () => {
    expect(nextAttempt(1, { outcome: 'unknown', endpoint: 'keep' }, 0.5).kind).toBe('retry');
  });

  test('is left at once by success, by a refusal, and by a receiver that wants nothing more', () => {
    expect(nextAttempt(1, { outcome: 'accepted', endpoint: 'keep' }, 0)).toEqual({ kind: 'delivered' });
    expect(nextAttempt(1, { outcome: 'refused', endpoint: 'keep' }, 0)).toEqual({ kind: 'failed' });
    expect(nextAttempt(1, { outcome: 'refused', endpoint: 'switch_off' }, 0)).toEqual({ kind: 'switch_off' });
    expect(nextAttempt(10, { outcome: 'accepted', endpoint: 'keep' }, 0)).toEqual({ kind: 'delivered' });
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-11-20T10:00:00Z');
  const cases: [string | undefined, number | null][] = [
    ['120', 120_000],
    [' 0 ', 0],
    ['Fri, 20 Nov 2026 10:02:00 GMT', 120_000],
    ['Fri, 20 Nov 2026 09:00:00 GMT', 0],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['2026-11-20', null],
    ['', null],
    [undefined, null],
  ];
  test.each(cases)('%j means %j ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});

describe('an endpoint that keeps failing', () => {
  const since = new Date('2026-11-20T10:00:00Z');
  const after = (share: number): Date => new Date(since.getTime() + share * SWITCH_OFF_AFTER_MS);

  test('is warned about at half of the time and shortly before its end, once each, then switched off', () => {
    const judge = (share: number, warnings: number) => judgeEndpoint({ failingSince: since, warnings }, after(share));
    expect(judge(0.49, 0)).toBe('keep');
    expect(judge(0.5, 0)).toBe('warn');
    expect(judge(0.6, 1)).toBe('keep');
    expect(judge(0.9, 1)).toBe('warn');
    expect(judge(0.95, 2)).toBe('keep');
    expect(judge(1, 2)).toBe('switch_off');
  });

  test('is never switched off while the first delivery that failed is still on the ladder', () => {
    const longestClimb = climb(() => 1).reduce((sum, ms) => sum + ms);
    expect(longestClimb).toBeLessThan(SWITCH_OFF_AFTER_MS);
  });

  test('is left alone once it answers', () => {
    expect(judgeEndpoint({ failingSince: null, warnings: 2 }, after(5))).toBe('keep');
  });
});
