// Rule 8: what is past, what is only late, and how catching up never floods.
import { describe, expect, test } from 'vitest';
import { ask, done, email, line, recorded, shortly, task, wedding, type Question } from '../support/ask.ts';

/** A booking eleven days before the wedding, on a Tuesday at eleven in London. */
const LATE = '2027-06-01T10:00:00Z';
const booked = (question: Omit<Question, 'now'> & { now?: string }): string[] =>
  shortly(ask({ execution: { startedAt: LATE }, now: LATE, ...question }));
const past = (key: string, days: number, more: Record<string, unknown> = {}, when: Record<string, unknown> = {}) =>
  email(key, { when: { ...wedding(days), ifPast: 'send_now', ...when }, ...more });

describe('past', () => {
  test('is what was gone when it became due, not what nobody ran in time', () => {
    const steps = [email('a', { when: wedding(-30) })];
    const due = '2027-05-13T08:00:00Z';
    expect(shortly(ask({ steps, ledger: [recorded('a', due)], now: LATE }))).toEqual([`a planned overdue ${due}`]);
    expect(shortly(ask({ steps, ledger: [recorded('a', due, { plannedAt: LATE })], now: LATE }))).toEqual([
      `a will_skip past ${due}`,
    ]);
  });

  test('is asked again when the wedding moves, because the due instant is another', () => {
    const steps = [email('a', { when: wedding(-30) })];
    const ledger = [recorded('a', '2027-07-01T08:00:00Z')];
    expect(shortly(ask({ steps, ledger, now: LATE }))).toEqual(['a will_skip past 2027-05-13T08:00:00Z']);
  });

  test('is never a step that counts forward from an instant, however late', () => {
    const steps = [email('a', { when: { anchor: 'journey_start', offset: { hours: 1 } } })];
    expect(shortly(ask({ steps, now: '2027-06-01T10:00:00Z' }))).toEqual(['a planned overdue 2026-11-20T11:00:00Z']);
  });

  test('may be a step counted in hours from the ceremony', () => {
    const steps = [email('a', { when: { anchor: 'wedding_date', offset: { hours: 3 } } })];
    const plan = ask({ steps, client: { weddingTime: '14:00' }, now: '2027-06-13T10:00:00Z' });
    expect(shortly(plan)).toEqual(['a will_skip past 2027-06-12T16:00:00Z']);
  });

  test('keeps the lateness of the moment in which it became past, also while it waits for its day', () => {
    const steps = [
      past('a', -12, {}, { ifPast: { within: { days: 2 } } }),
      past('b', -11, {}, { ifPast: { within: { days: 2 } } }),
    ];
    const now = '2027-06-02T08:00:00Z';
    expect(
      booked({
        steps,
        ledger: [
          done('a', '2027-05-31T08:00:00Z', { endedAt: LATE, reason: { code: 'caught_up' } }),
          recorded('b', '2027-06-01T08:00:00Z', { plannedAt: LATE }),
        ],
        now,
      })[1],
    ).toBe('b planned caught_up 2027-06-02T08:00:00Z');
  });
});

describe('catching up', () => {
  test('goes one a local day, earliest due first, the first now, the next at the default time', () => {
    const steps = [past('c', -30), past('a', -90), past('b', -60)];
    expect(booked({ steps, organization: { defaultTime: '10:30' } })).toEqual([
      'c planned caught_up 2027-06-03T09:30:00Z',
      'a planned caught_up 2027-06-01T10:00:00Z',
      'b planned caught_up 2027-06-02T09:30:00Z',
    ]);
  });

  test('waits for the welcome, which comes first', () => {
    const steps = [
      email('welcome', { when: { anchor: 'journey_start', offset: { hours: 1 } } }),
      past('a', -90),
      past('b', -60),
    ];
    expect(booked({ steps })).toEqual([
      'welcome planned on_time 2027-06-01T11:00:00Z',
      'a planned caught_up 2027-06-02T08:00:00Z',
      'b planned caught_up 2027-06-03T08:00:00Z',
    ]);
  });

  test('does not wait for a message that goes more than a day after the start, nor for one that goes nowhere', () => {
    const later = email('later', { when: { anchor: 'journey_start', offset: { hours: 25 } } });
    const nowhere = email('nowhere', { when: { anchor: 'journey_start' }, purpose: 'marketing' });
    const job = task('job', { when: { anchor: 'journey_start' } });
    expect(booked({ steps: [later, nowhere, job, past('a', -90)] }).at(-1)).toBe(
      'a planned caught_up 2027-06-01T10:00:00Z',
    );
  });

  test('still follows the welcome once that has gone', () => {
    const steps = [email('welcome', { when: { anchor: 'journey_start', offset: { hours: 1 } } }), past('a', -90)];
    const ledger = [
      done('welcome', '2027-06-01T11:00:00Z'),
      recorded('a', '2027-03-14T09:00:00Z', { plannedAt: LATE }),
    ];
    expect(booked({ steps, ledger, now: '2027-06-01T11:00:05Z' })[1]).toBe('a planned caught_up 2027-06-02T08:00:00Z');
  });

  test('gives every day to one message: what caught up yesterday lets the next go today', () => {
    const steps = [past('a', -90), past('b', -60)];
    const rows = [
      done('a', '2027-03-14T09:00:00Z', { plannedAt: LATE, endedAt: LATE, reason: { code: 'caught_up' } }),
      recorded('b', '2027-04-13T08:00:00Z', { plannedAt: LATE }),
    ];
    expect(booked({ steps, ledger: rows, now: '2027-06-01T10:00:05Z' })[1]).toBe(
      'b planned caught_up 2027-06-02T08:00:00Z',
    );
    expect(booked({ steps, ledger: rows, now: '2027-06-04T12:00:00Z' })[1]).toBe(
      'b planned caught_up 2027-06-04T12:00:00Z',
    );
  });

  test('leaves transactional messages, messages to the venue and tasks out of the queue', () => {
    const steps = [
      past('a', -90),
      past('t', -80, { purpose: 'transactional' }),
      past('v', -70, { to: 'role:venue' }),
      task('j', { when: { ...wedding(-60), ifPast: 'send_now' } }),
    ];
    const contacts = [
      { id: 'c1', role: 'partner_1', email: 'a@example.com', isPrimary: true },
      { id: 'c2', role: 'venue', email: 'v@example.com' },
    ];
    expect(booked({ steps, contacts })).toEqual(['a', 't', 'v', 'j'].map((key) => `${key} planned caught_up ${LATE}`));
  });

  test('asks the window, and each of the following days asks it again', () => {
    const steps = [past('a', -90), past('b', -60)];
    const organization = { sendWindow: { from: '12:00', to: '13:00', days: ['wed', 'fri'] } };
    expect(booked({ steps, organization })).toEqual([
      'a planned caught_up 2027-06-02T11:00:00Z',
      'b planned caught_up 2027-06-04T11:00:00Z',
    ]);
  });

  test('asks for use again on the day it would go, and whoever is too late takes no day from the others', () => {
    const steps = [past('a', -90), past('b', -60, {}, { usefulUntil: { days: -11 } }), past('c', -30)];
    expect(booked({ steps })).toEqual([
      'a planned caught_up 2027-06-01T10:00:00Z',
      'b will_skip past_useful 2027-04-13T08:00:00Z',
      'c planned caught_up 2027-06-02T08:00:00Z',
    ]);
  });

  test('counts for the cap of the day it goes, and moves on with its whole queue where that is full', () => {
    const steps = [past('a', -90), past('b', -60)];
    expect(booked({ steps, organization: { dailyCap: 1 }, sentOn: { '2027-06-01': 1 } })).toEqual([
      'a planned caught_up 2027-06-02T10:00:00Z',
      'b planned caught_up 2027-06-03T08:00:00Z',
    ]);
  });

  test('does not begin with what still needs an OK, and its deadline counts from when it became past', () => {
    const steps = [past('a', -90, { approval: { deadline: { hours: 24 }, fallback: 'skip' } }), past('b', -60)];
    expect(booked({ steps })).toEqual([
      'a waiting needs_approval 2027-03-14T09:00:00Z',
      'b planned caught_up 2027-06-01T10:00:00Z',
    ]);
    const ledger = [recorded('a', '2027-03-14T09:00:00Z', { plannedAt: LATE })];
    expect(booked({ steps, ledger, now: '2027-06-02T10:00:00Z' })[0]).toBe(
      'a will_skip not_approved 2027-03-14T09:00:00Z',
    );
    const approvals = [{ key: 'a', decision: 'approved', at: '2027-06-01T12:00:00Z' }];
    expect(booked({ steps, ledger, approvals, now: '2027-06-01T12:00:00Z' })[0]).toBe(
      'a planned caught_up 2027-06-01T12:00:00Z',
    );
  });
});

describe('latest', () => {
  const latest = (key: string, days: number, more: Record<string, unknown> = {}) =>
    email(key, {
      when: {
        ...wedding(days),
        ifPast: 'latest',
        ...(more['usefulUntil'] ? { usefulUntil: more['usefulUntil'] } : {}),
      },
      ...(more['step'] as object),
    });

  test('of two at the same instant the later in the list goes', () => {
    expect(booked({ steps: [latest('a', -30), latest('b', -30)] })).toEqual([
      'a will_skip superseded 2027-05-13T08:00:00Z',
      `b planned caught_up ${LATE}`,
    ]);
  });

  test('passes over those whose use is over and whose condition does not hold', () => {
    const steps = [
      latest('a', -60),
      latest('b', -30, { usefulUntil: { days: -20 } }),
      latest('c', -20, { step: { onlyIf: { field: 'client.tags', has: 'nothing' } } }),
    ];
    expect(booked({ steps }).map((text) => text.split(' ').slice(0, 3).join(' '))).toEqual([
      'a planned caught_up',
      'b will_skip past_useful',
      'c will_skip only_if',
    ]);
  });

  test('keeps the earlier ones from following once the latest has gone', () => {
    const steps = [latest('a', -60), latest('b', -30)];
    const ledger = [
      done('b', '2027-05-13T08:00:00Z', {
        plannedAt: LATE,
        endedAt: LATE,
        reason: { code: 'caught_up', was: '2027-05-13T08:00:00Z' },
      }),
    ];
    expect(line(ask({ steps, ledger, now: LATE }), 'a').reason.code).toBe('superseded');
  });
});

describe('ask', () => {
  const steps = [email('a', { when: { ...wedding(-30), ifPast: 'ask', usefulUntil: { days: -5 } } })];
  const due = '2027-05-13T08:00:00Z';
  const ledger = [recorded('a', due, { plannedAt: LATE })];
  const approvals = (decision: string) => [{ key: 'a', decision, at: '2027-06-02T09:00:00Z' }];

  test('holds the step until somebody answers, and no longer than it is useful', () => {
    const plan = ask({ steps, ledger, now: LATE });
    expect(shortly(plan)).toEqual([`a held needs_answer ${due}`]);
    expect(plan.next).toEqual({ kind: 'wait', until: '2027-06-07T23:00:00Z' });
    expect(shortly(ask({ steps, ledger, now: '2027-06-07T23:00:00Z' }))).toEqual([`a will_skip past_useful ${due}`]);
  });

  test('sends it as catching up after a yes, and skips it after a no', () => {
    const now = '2027-06-02T09:00:00Z';
    expect(shortly(ask({ steps, ledger, now, approvals: approvals('approved') }))).toEqual([
      `a planned caught_up ${now}`,
    ]);
    expect(shortly(ask({ steps, ledger, now, approvals: approvals('rejected') }))).toEqual([
      `a will_skip rejected ${due}`,
    ]);
  });

  test('is not answered by an approval that was given before the question', () => {
    const early = [{ key: 'a', decision: 'approved', at: '2027-05-01T09:00:00Z' }];
    expect(shortly(ask({ steps, ledger, now: LATE, approvals: early }))).toEqual([`a held needs_answer ${due}`]);
  });
});
