// Repeated steps keep their rhythm, and two never fall together.
import { describe, expect, test } from 'vitest';
import { ask, BOOKED, done, email, line, recorded, shortly, wedding, type Question } from '../support/ask.ts';

const weekly = { every: { days: 7 }, times: 4 };
const dues = (question: Question): (string | null)[] => ask(question).steps.map(({ dueAt }) => dueAt);
const locals = (question: Question): (string | null)[] => ask(question).steps.map(({ local }) => local);

describe('the rhythm', () => {
  test('is that of the first, at its wall time, over a change of clocks', () => {
    const steps = [email('a', { when: { ...wedding(0), at: '09:00' }, repeat: weekly })];
    expect(locals({ steps, client: { weddingOn: '2027-03-20' } })).toEqual([
      '2027-03-20T09:00',
      '2027-03-27T09:00',
      '2027-04-03T09:00',
      '2027-04-10T09:00',
    ]);
  });

  test('of months counts from the first, so that the end of a short month does not stay', () => {
    const steps = [email('a', { when: wedding(0), repeat: { every: { months: 1 }, times: 3 } })];
    expect(locals({ steps, client: { weddingOn: '2027-01-31' } })).toEqual([
      '2027-01-31T09:00',
      '2027-02-28T09:00',
      '2027-03-31T09:00',
    ]);
  });

  test('is kept after one that went late: the next is the next beat on a later day', () => {
    const steps = [email('a', { when: wedding(-30), repeat: weekly })];
    const late = [done('a', '2027-05-13T08:00:00Z', { endedAt: '2027-05-20T11:00:00Z' })];
    expect(dues({ steps, ledger: late, now: '2027-05-20T11:00:00Z' })[1]).toBe('2027-05-27T08:00:00Z');
    const evening = [done('a', '2027-05-13T08:00:00Z', { endedAt: '2027-05-19T22:59:59Z' })];
    expect(dues({ steps, ledger: evening, now: '2027-05-19T23:00:00Z' })[1]).toBe('2027-05-20T08:00:00Z');
  });

  test('rolls forward though the first rolled back, and asks the window', () => {
    const steps = [email('a', { when: { ...wedding(-7), days: 'working' }, repeat: { every: { days: 8 }, times: 3 } })];
    const organization = { sendWindow: { from: '10:00', to: '18:00' } };
    expect(locals({ steps, organization })).toEqual(['2027-06-04T10:00', '2027-06-14T10:00', '2027-06-21T10:00']);
  });

  test('leaves a beat out that would go back onto the day of the one before', () => {
    const steps = [
      email('a', {
        when: { ...wedding(-8), days: ['fri'], roll: 'backward' },
        repeat: { every: { days: 3 }, times: 3 },
      }),
    ];
    expect(locals({ steps })).toEqual(['2027-06-04T09:00', '2027-06-11T09:00', '2027-06-18T09:00']);
  });

  test('in hours is elapsed time, and never two in one opening of the window', () => {
    const steps = [email('a', { when: { anchor: 'journey_start' }, repeat: { every: { hours: 5 }, times: 4 } })];
    const organization = { sendWindow: { from: '09:00', to: '17:00' } };
    expect(dues({ steps, organization })).toEqual([
      BOOKED,
      '2026-11-20T15:00:00Z',
      '2026-11-21T09:00:00Z',
      '2026-11-21T11:00:00Z',
    ]);
  });

  test('moves with the wedding, as every unsent step does', () => {
    const steps = [email('a', { when: wedding(-30), repeat: weekly })];
    const ledger = [done('a', '2027-05-13T08:00:00Z'), recorded('a', '2027-05-20T08:00:00Z', { occurrence: 2 })];
    expect(
      dues({ steps, ledger, client: { weddingOn: '2027-07-03' }, now: '2027-05-14T08:00:00Z' }).slice(1, 3),
    ).toEqual(['2027-06-10T08:00:00Z', '2027-06-17T08:00:00Z']);
  });
});

describe('occurrences', () => {
  const until = { field: 'client.tags', has: 'answered' };
  const steps = [email('a', { when: wedding(-30), repeat: { ...weekly, times: 3, until } })];
  const first = done('a', '2027-05-13T08:00:00Z');

  test('end when `until` holds, each recorded in its turn', () => {
    const client = { tags: ['answered'] };
    const plan = ask({ steps, client, ledger: [first], now: '2027-05-14T08:00:00Z' });
    expect(shortly(plan).slice(1)).toEqual([
      'a#2 will_skip repeat_ended 2027-05-20T08:00:00Z',
      'a#3 will_skip repeat_ended 2027-05-27T08:00:00Z',
    ]);
    expect(plan.next).toEqual({ kind: 'wait', until: '2027-05-20T08:00:00Z' });
  });

  test('wait their turn: none goes while the one before is held, tried again or unknown', () => {
    const now = '2027-05-21T08:00:00Z';
    for (const state of [{ state: 'unknown' }, { attempts: 1, nextAttemptAt: '2027-05-22T08:00:00Z' }]) {
      const plan = ask({ steps, ledger: [recorded('a', first['dueAt'] as string, state)], now });
      expect(line(plan, 'a#2')).toMatchObject({ state: 'waiting', dependsOn: 'a' });
      expect(plan.next.kind).toBe('wait');
    }
  });

  test('that all fell due while nobody was there do not go together', () => {
    const plan = ask({ steps, ledger: [recorded('a', '2027-05-13T08:00:00Z')], now: '2027-06-04T10:00:00Z' });
    expect(plan.next).toEqual({ kind: 'run', key: 'a', occurrence: 1 });
    const ledger = [{ ...first, endedAt: '2027-06-04T10:00:00Z' }];
    expect(dues({ steps, ledger, now: '2027-06-04T10:00:00Z' })[1]).toBe('2027-06-10T08:00:00Z');
  });

  test('of a late booking go on in their rhythm from today, in the preview as well', () => {
    const late = '2027-05-29T10:00:00Z';
    const weekdays = [email('a', { when: wedding(-30), repeat: { ...weekly, times: 3 } })];
    expect(shortly(ask({ steps: weekdays, execution: { startedAt: late }, now: late }))).toEqual([
      'a will_skip past 2027-05-13T08:00:00Z',
      'a#2 planned on_time 2027-06-03T08:00:00Z',
      'a#3 planned on_time 2027-06-10T08:00:00Z',
    ]);
  });

  test('all end before what counts from the step', () => {
    const follow = [...steps, email('b', { when: { offset: { days: 1 } } })];
    expect(line(ask({ steps: follow, ledger: [first], now: '2027-05-14T08:00:00Z' }), 'b')).toMatchObject({
      dependsOn: 'a',
      dueAt: '2027-05-28T08:00:00Z',
    });
  });

  test('are all listed, whatever keeps the step', () => {
    expect(ask({ steps, client: { weddingOn: null } }).steps).toHaveLength(3);
    const execution = { status: 'stopped', stoppedAt: BOOKED };
    expect(ask({ steps, execution }).steps.map(({ state }) => state)).toEqual(['skipped', 'skipped', 'skipped']);
  });
});
