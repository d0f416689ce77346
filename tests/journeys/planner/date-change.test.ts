// Rule 10: the plan moves at once, what was sent follows its own rule, and a slip of the hand sends nothing.
import { describe, expect, test } from 'vitest';
import { ask, done, email, line, recorded, shortly, wedding, type Question } from '../support/ask.ts';

const MOVED = '2027-05-10T12:00:00Z';
const soon = '2027-05-10T12:00:01Z';
const settled = '2027-05-10T12:10:00Z';
const moved = (question: Question) =>
  ask({ now: soon, ...question, client: { weddingChangedAt: MOVED, ...question.client } });

describe('settling', () => {
  const steps = [email('a', { when: { ...wedding(-60), ifPast: 'send_now' } })];
  const before = [recorded('a', '2027-08-01T08:00:00Z')];

  test('holds what the change made past until the date has been still', () => {
    expect(shortly(moved({ steps, ledger: before }))).toEqual(['a held settling 2027-04-13T08:00:00Z']);
    expect(moved({ steps, ledger: before }).next).toEqual({ kind: 'wait', until: settled });
    expect(shortly(moved({ steps, ledger: before, now: settled }))).toEqual([`a planned caught_up ${settled}`]);
  });

  test('begins anew with every change', () => {
    const client = { weddingChangedAt: '2027-05-10T12:09:00Z' };
    expect(moved({ steps, ledger: before, client, now: settled }).next).toEqual({
      kind: 'wait',
      until: '2027-05-10T12:19:00Z',
    });
  });

  test('does not hold what was due at the same instant before', () => {
    const ledger = [recorded('a', '2027-04-13T08:00:00Z', { plannedAt: '2027-05-01T08:00:00Z' })];
    expect(shortly(moved({ steps, ledger }))).toEqual([`a planned caught_up ${soon}`]);
  });

  test('does not hold what does not hang on the date', () => {
    const other = [
      email('a', { when: { anchor: 'date:tasting', ifPast: 'send_now' } }),
      email('b', { when: { anchor: 'journey_start' } }),
    ];
    expect(shortly(moved({ steps: other, client: { dates: { tasting: '2027-05-01' } } }))).toEqual([
      expect.stringContaining('a planned caught_up'),
      expect.stringContaining('b planned overdue'),
    ]);
  });

  test('delays what falls due within it to its end, and leaves alone what comes later', () => {
    const close = [
      email('a', { when: { ...wedding(-33), at: '13:05' } }),
      email('b', { when: { ...wedding(-33), at: '13:30' } }),
    ];
    expect(shortly(moved({ steps: close }))).toEqual([
      `a planned on_time ${settled}`,
      'b planned on_time 2027-05-10T12:30:00Z',
    ]);
  });

  test('holds a skip as well: a date taken away by mistake skips nothing', () => {
    const skipping = [email('a', { when: { ...wedding(-10), ifMissing: 'skip' } })];
    const client = { weddingOn: null };
    expect(shortly(moved({ steps: skipping, client }))).toEqual(['a held settling -']);
    expect(shortly(moved({ steps: skipping, client, now: settled }))).toEqual(['a will_skip if_missing -']);
    const missing = [recorded('a', null)];
    expect(shortly(moved({ steps: skipping, client, ledger: missing }))).toEqual(['a will_skip if_missing -']);
  });

  test('holds a wait whose limit the change brought into the past', () => {
    const wait = [
      { key: 'w', type: 'wait_for', event: 'signed', limit: { anchor: 'wedding_date', offset: { days: -60 } } },
    ];
    expect(shortly(moved({ steps: wait }))).toEqual(['w held settling 2027-04-13T08:00:00Z']);
    expect(moved({ steps: wait, now: settled }).next.kind).toBe('run');
  });

  test('is there for due dates of payments too', () => {
    const reminder = [
      email('a', {
        when: { anchor: 'payment_due:balance', offset: { days: -60 }, ifPast: 'send_now' },
        purpose: 'transactional',
      }),
    ];
    const payments = [{ id: 'p', kind: 'balance', dueOn: '2027-06-01', dueChangedAt: MOVED }];
    expect(shortly(ask({ steps: reminder, payments, now: soon }))).toEqual(['a held settling 2027-04-02T08:00:00Z']);
  });

  test('takes as long as the organization says', () => {
    const organization = { settleMinutes: 0 };
    expect(shortly(moved({ steps, ledger: before, organization }))).toEqual([`a planned caught_up ${soon}`]);
  });
});

describe('what was sent for the old date', () => {
  const resend = (more = {}) => [
    email('a', { when: { ...wedding(-42), at: '10:00', ifPast: 'send_now' }, onDateChange: 'resend', ...more }),
  ];
  const sent = done('a', '2027-05-01T09:00:00Z');

  test('is sent again by the same rule, as a new occurrence', () => {
    expect(shortly(moved({ steps: resend(), ledger: [sent], client: { weddingOn: '2027-07-24' } }))).toEqual([
      'a done done 2027-05-01T09:00:00Z',
      'a#2 planned on_time 2027-06-12T09:00:00Z',
    ]);
  });

  test('is not sent again when the date was typed wrongly and put right', () => {
    expect(shortly(moved({ steps: resend(), ledger: [sent], client: { weddingOn: WEDDING_OF_SENT } }))).toHaveLength(1);
  });

  test('is not sent again when it went after the change', () => {
    const after = done('a', '2027-05-01T09:00:00Z', { endedAt: '2027-05-10T12:20:00Z' });
    expect(
      shortly(
        moved({ steps: resend(), ledger: [after], client: { weddingOn: '2027-07-24' }, now: '2027-05-10T13:00:00Z' }),
      ),
    ).toHaveLength(1);
  });

  test('goes a third time when the date moves again, and only then', () => {
    const second = done('a', '2027-06-12T09:00:00Z', { occurrence: 2 });
    const client = { weddingOn: '2027-09-04', weddingChangedAt: '2027-06-20T12:00:00Z' };
    expect(shortly(ask({ steps: resend(), ledger: [sent, second], client, now: '2027-06-21T10:00:00Z' })).at(-1)).toBe(
      'a#3 planned on_time 2027-07-24T09:00:00Z',
    );
    const still = { weddingOn: '2027-07-24', weddingChangedAt: MOVED };
    expect(
      shortly(ask({ steps: resend(), ledger: [sent, second], client: still, now: '2027-06-21T10:00:00Z' })),
    ).toHaveLength(2);
  });

  test('asks `ifPast` where the new moment is past, once the date has settled', () => {
    const client = { weddingOn: '2027-06-05' };
    expect(shortly(moved({ steps: resend(), ledger: [sent], client }))[1]).toBe(
      'a#2 held settling 2027-04-24T09:00:00Z',
    );
    expect(shortly(moved({ steps: resend(), ledger: [sent], client, now: settled }))[1]).toBe(
      `a#2 planned caught_up ${settled}`,
    );
  });

  test('stays as it is with `keep`, which is the default, and with `task`', () => {
    for (const onDateChange of [undefined, 'keep', 'task']) {
      const steps = resend({ onDateChange });
      expect(moved({ steps, ledger: [sent], client: { weddingOn: '2027-07-24' } }).next).toEqual({ kind: 'finished' });
    }
  });

  test('is never sent again after a stop, or while there is no date', () => {
    const stopped = { status: 'stopped', stoppedAt: MOVED };
    expect(
      moved({ steps: resend(), ledger: [sent], client: { weddingOn: '2027-07-24' }, execution: stopped }).steps,
    ).toHaveLength(1);
    expect(moved({ steps: resend(), ledger: [sent], client: { weddingOn: null } }).steps).toHaveLength(1);
    expect(moved({ steps: resend(), ledger: [sent], client: { postponed: true } }).steps).toHaveLength(1);
  });

  test('begins an open wait again, and leaves one alone that has its answer', () => {
    const steps = [
      ...resend(),
      {
        key: 'w',
        type: 'wait_for',
        event: 'form.submitted',
        when: { anchor: 'step:a' },
        limit: { offset: { days: 10 } },
      },
    ];
    const client = { weddingOn: '2027-07-24' };
    expect(line(moved({ steps, ledger: [sent], client }), 'w')).toMatchObject({
      state: 'waiting',
      dependsOn: 'a',
      dueAt: '2027-06-22T09:00:00Z',
    });
    const answered = done('w', '2027-05-05T09:00:00Z', { outcome: 'yes' });
    expect(line(moved({ steps, ledger: [sent, answered], client }), 'w')).toMatchObject({
      state: 'done',
      dueAt: '2027-05-05T09:00:00Z',
    });
  });
});

/** The wedding for which 1 May is 42 days before. */
const WEDDING_OF_SENT = '2027-06-12';
