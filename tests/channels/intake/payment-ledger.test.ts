import { array, assert, constantFrom, integer, oneof, property, record, shuffledSubarray } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinObservation, paymentLedgerSchema, paymentState } from '../../../channels/intake/payment-ledger.ts';
import type { PaymentObservation } from '../../../channels/intake/payment-observation.ts';

const empty = paymentLedgerSchema.parse({});
const OWED = 145_000;
const stateAfter = (seen: readonly PaymentObservation[], owed = OWED) =>
  paymentState(
    // As it is read back from the database between any two events.
    seen.reduce(
      (ledger, one) => paymentLedgerSchema.parse(JSON.parse(JSON.stringify(joinObservation(ledger, one)))),
      empty,
    ),
    owed,
  );
const attempt = (
  status: 'pending' | 'failed' | 'cancelled' | 'succeeded',
  at: number,
  key = 'pi_1',
): PaymentObservation => ({
  about: 'attempt',
  key,
  at,
  status,
  amount: OWED,
  currency: 'GBP',
  failureCode: status === 'failed' ? 'insufficient_funds' : null,
});
const refunds = (at: number, amountRefunded: number): PaymentObservation => ({
  about: 'refunds',
  chargeId: 'ch_1',
  at,
  amountRefunded,
});
const refundFailed = (at: number, amount: number): PaymentObservation => ({
  about: 'failed_refund',
  refundId: `re_${at}`,
  chargeId: 'ch_1',
  at,
  amount,
});
const dispute = (status: 'open' | 'won' | 'lost', at: number): PaymentObservation => ({
  about: 'dispute',
  disputeId: 'dp_1',
  at,
  status,
  amount: OWED,
});

describe('a payment', () => {
  test('is pending until something is known', () => {
    expect(stateAfter([])).toEqual({
      status: 'pending',
      paidAt: null,
      amountRefunded: 0,
      failureCode: null,
      dispute: null,
      attemptKey: null,
    });
  });

  test('that succeeded stays so, whatever is heard of other attempts before or after', () => {
    const success = attempt('succeeded', 100);
    for (const other of [
      attempt('failed', 50),
      attempt('failed', 200),
      attempt('pending', 200),
      attempt('failed', 200, 'pi_2'),
    ]) {
      for (const order of [
        [success, other],
        [other, success],
      ]) {
        expect(stateAfter(order)).toMatchObject({
          status: 'succeeded',
          paidAt: 100,
          failureCode: null,
          attemptKey: 'pi_1',
        });
      }
    }
  });

  test('that failed may be tried again, and the latest news counts', () => {
    expect(stateAfter([attempt('failed', 100)])).toMatchObject({ status: 'failed', failureCode: 'insufficient_funds' });
    expect(stateAfter([attempt('failed', 100), attempt('pending', 101)])).toMatchObject({ status: 'pending' });
    expect(stateAfter([attempt('pending', 101), attempt('failed', 100)])).toMatchObject({ status: 'pending' });
  });

  test('was paid at the earliest success of those that tell of it', () => {
    expect(
      stateAfter([attempt('succeeded', 120), attempt('succeeded', 100), attempt('succeeded', 110, 'in_1')]),
    ).toMatchObject({ paidAt: 100 });
  });

  test('is refunded in part and then wholly, and no older sum takes that back', () => {
    const story = [attempt('succeeded', 100), refunds(200, 50_000)];
    expect(stateAfter(story)).toMatchObject({ status: 'partially_refunded', amountRefunded: 50_000 });
    expect(stateAfter([...story, refunds(300, OWED)])).toMatchObject({ status: 'refunded', amountRefunded: OWED });
    expect(stateAfter([refunds(300, OWED), ...story])).toMatchObject({ status: 'refunded', amountRefunded: OWED });
  });

  test('whose refund failed has its money again', () => {
    const story = [attempt('succeeded', 100), refunds(200, 50_000), refundFailed(300, 50_000)];
    expect(stateAfter(story)).toMatchObject({ status: 'succeeded', amountRefunded: 0 });
    // The charge's next sum no longer has the failed one in it.
    expect(stateAfter([...story, refunds(400, 20_000)])).toMatchObject({
      status: 'partially_refunded',
      amountRefunded: 20_000,
    });
  });

  test('that the bank took back is refunded; a dispute that is open or won changes nothing but its mark', () => {
    const paid = attempt('succeeded', 100);
    expect(stateAfter([paid, dispute('open', 200)])).toMatchObject({ status: 'succeeded', dispute: 'open' });
    expect(stateAfter([paid, dispute('won', 300), dispute('open', 200)])).toMatchObject({
      status: 'succeeded',
      dispute: 'won',
    });
    expect(stateAfter([paid, dispute('open', 200), dispute('lost', 300)])).toMatchObject({
      status: 'refunded',
      dispute: 'lost',
    });
  });

  test('never counts more refunded than was owed', () => {
    expect(stateAfter([attempt('succeeded', 1), refunds(2, OWED), dispute('lost', 3)])).toMatchObject({
      amountRefunded: OWED,
    });
  });
});

test('any observations in any order, any of them several times, leave the same state', () => {
  const at = integer({ min: 1, max: 4 });
  const amount = integer({ min: 0, max: OWED });
  const observation = oneof(
    record({
      about: constantFrom('attempt' as const),
      key: constantFrom('pi_1', 'pi_2'),
      at,
      status: constantFrom('pending' as const, 'failed' as const, 'cancelled' as const, 'succeeded' as const),
      amount,
      currency: constantFrom('GBP'),
      failureCode: constantFrom(null, 'card_declined', 'insufficient_funds'),
    }),
    record({
      about: constantFrom('refunds' as const),
      chargeId: constantFrom('ch_1', 'ch_2'),
      at,
      amountRefunded: amount,
    }),
    record({
      about: constantFrom('failed_refund' as const),
      refundId: constantFrom('re_1', 're_2'),
      chargeId: constantFrom('ch_1'),
      at,
      amount,
    }),
    record({
      about: constantFrom('dispute' as const),
      disputeId: constantFrom('dp_1', 'dp_2'),
      at,
      amount,
      status: constantFrom('open' as const, 'won' as const, 'lost' as const),
    }),
  );
  const stories = array(observation, { minLength: 1, maxLength: 8 }).chain((story) =>
    record({
      story: constantFrom(story),
      retold: shuffledSubarray([...story, ...story], { minLength: story.length * 2 }),
    }),
  );
  assert(
    property(stories, ({ story, retold }) => {
      expect(stateAfter(retold)).toEqual(stateAfter(story));
    }),
    { numRuns: 1000 },
  );
});
