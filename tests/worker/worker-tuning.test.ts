import { describe, expect, test } from 'vitest';

import { readConfig } from '../../config.ts';
import { DEFAULT_TUNING, tuningFrom } from '../../worker/worker-tuning.ts';

describe('how much a worker does', () => {
  test('is the same without a setting, wherever the worker is started from', () => {
    expect(tuningFrom(readConfig({}))).toEqual(DEFAULT_TUNING);
  });

  test('is configured, for each channel by itself', () => {
    const tuning = tuningFrom(
      readConfig({
        WORKER_EMAIL_SLOTS: '50',
        WORKER_EMAIL_PER_SECOND: '14',
        WORKER_SMS_PER_SECOND: '0.5',
        WORKER_CACHED_WORKFLOWS: '2000',
        WORKER_SHUTDOWN_SECONDS: '60',
      }),
    );
    expect(tuning).toMatchObject({ cachedWorkflows: 2_000, shutdownGraceMs: 60_000 });
    expect(tuning.channels).toEqual({
      ...DEFAULT_TUNING.channels,
      email: { slots: 50, perSecond: 14 },
      sms: { slots: DEFAULT_TUNING.channels.sms.slots, perSecond: 0.5 },
    });
  });

  test.each([
    ['WORKER_EMAIL_SLOTS', '0', 'is below 1'],
    ['WORKER_EMAIL_PER_SECOND', '0', 'is not above 0'],
    ['WORKER_POLLERS', 'many', 'is not a number'],
    ['METRICS_ADDRESS', '9464', 'is not host:port'],
  ])('%s=%s is refused with the reason', (name, value, reason) => {
    expect(() => readConfig({ [name]: value })).toThrow(`${name}: ${reason}`);
  });
});
