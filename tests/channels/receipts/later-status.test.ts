import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laterStatus } from '../../../channels/receipts/later-status.ts';
import type { CommunicationStatus } from '../../../channels/receipts/receipt.ts';

const reported = constantFrom<CommunicationStatus | null>(
  'sending',
  'sent',
  'delivered',
  'bounced',
  'complained',
  'failed',
  'suppressed',
  null,
);
const after = (from: CommunicationStatus, reports: readonly (CommunicationStatus | null)[]): CommunicationStatus =>
  reports.reduce<CommunicationStatus>(laterStatus, from);

describe('the status of a communication', () => {
  it('is the same in whatever order its receipts come, and however often', () => {
    assert(
      property(array(reported, { maxLength: 8 }), array(reported, { maxLength: 8 }), (some, others) => {
        const forward = after('unknown', [...some, ...others]);
        expect(after('unknown', [...others, ...some])).toBe(forward);
        expect(after(forward, [...some, ...others])).toBe(forward);
      }),
    );
  });

  it.each([
    ['delivered', 'sent', 'delivered'],
    ['unknown', 'sent', 'sent'],
    ['unknown', 'failed', 'failed'],
    ['sent', 'failed', 'failed'],
    ['delivered', 'bounced', 'bounced'],
    ['bounced', 'complained', 'complained'],
    ['complained', 'delivered', 'complained'],
    ['failed', 'delivered', 'delivered'],
    ['cancelled', 'delivered', 'delivered'],
  ] as const)('%s and a report of %s make %s', (from, report, to) => {
    expect(laterStatus(from, report)).toBe(to);
  });
});
