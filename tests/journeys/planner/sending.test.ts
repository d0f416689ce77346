// Rules 14 to 20: cap, consent, approval, retry, what is next, and which reason counts.
import { describe, expect, test } from 'vitest';
import { ask, BOOKED, done, email, line, recorded, shortly, task, wedding } from '../support/ask.ts';

const DUE = '2027-06-05T08:00:00Z';
const at = (time: string, more = {}) => ({ ...wedding(-7), at: time, ...more });

describe('the cap', () => {
  const organization = { dailyCap: 1 };

  test('counts what this journey sent, what others sent, and what may have been sent', () => {
    for (const state of ['done', 'unknown']) {
      const steps = [email('a', { when: at('08:00') }), email('b', { when: at('09:00') })];
      const ledger = [done('a', '2027-06-05T07:00:00Z', { state })];
      expect(shortly(ask({ steps, ledger, organization, now: '2027-06-05T07:30:00Z' }))[1]).toBe(
        'b planned daily_cap 2027-06-06T08:00:00Z',
      );
    }
  });

  test('keeps the order: who was due first goes first on the next day, at its own time', () => {
    const steps = ['15:00', '09:00', '12:00'].map((time, index) => email(`s${index}`, { when: at(time) }));
    expect(shortly(ask({ steps, organization }))).toEqual([
      's0 planned daily_cap 2027-06-07T14:00:00Z',
      's1 planned on_time 2027-06-05T08:00:00Z',
      's2 planned daily_cap 2027-06-06T11:00:00Z',
    ]);
  });

  test('counts a late message for the day it goes', () => {
    const steps = [email('old', { when: wedding(-8) }), email('new', { when: at('12:00') })];
    const ledger = [recorded('old', '2027-06-04T08:00:00Z'), recorded('new', '2027-06-05T11:00:00Z')];
    expect(shortly(ask({ steps, ledger, organization, now: '2027-06-05T10:00:00Z' }))).toEqual([
      'old planned overdue 2027-06-04T08:00:00Z',
      'new planned daily_cap 2027-06-06T11:00:00Z',
    ]);
  });

  test('is asked neither by transactional messages nor by those to a role; a message to both counts once', () => {
    const contacts = ['partner_1', 'partner_2', 'venue'].map((role) => ({
      id: role,
      role,
      email: `${role}@example.com`,
    }));
    const steps = [
      email('both', { when: at('08:00'), to: 'both' }),
      email('bill', { when: at('09:00'), purpose: 'transactional' }),
      email('venue', { when: at('10:00'), to: 'role:venue' }),
      email('more', { when: at('11:00') }),
    ];
    expect(
      ask({ steps, contacts, organization: { dailyCap: 2 } }).steps.every(({ reason }) => reason.code === 'on_time'),
    ).toBe(true);
  });

  test('lets go what would no longer be of use on the day with room', () => {
    const steps = [
      email('a', { when: at('08:00') }),
      email('b', { when: at('09:00', { usefulUntil: { days: -7 } }) }),
      email('c', { when: at('10:00') }),
    ];
    expect(shortly(ask({ steps, organization }))).toEqual([
      'a planned on_time 2027-06-05T07:00:00Z',
      'b will_skip past_useful 2027-06-05T08:00:00Z',
      'c planned daily_cap 2027-06-06T09:00:00Z',
    ]);
  });

  test('goes by the local day of the recipient', () => {
    const contacts = [{ id: 'c1', role: 'partner_1', email: 'a@example.com', zone: 'Pacific/Apia', isPrimary: true }];
    const steps = [email('a', { when: at('23:00') }), email('b', { when: { ...wedding(-6), at: '01:00' } })];
    expect(ask({ steps, contacts, organization }).steps.map(({ reason }) => reason.code)).toEqual([
      'on_time',
      'on_time',
    ]);
  });
});

describe('consent', () => {
  const reason = (step: Record<string, unknown>, facts: Record<string, unknown>) =>
    line(ask({ steps: [email('a', { when: wedding(-7), ...step })], ...facts }), 'a').reason.code;
  const two = [
    { id: 'c1', role: 'partner_1', email: 'a@example.com', isPrimary: true },
    { id: 'c2', role: 'partner_2', email: 'b@example.com' },
  ];
  const marketing = { channel: 'email', purpose: 'marketing' };

  test.each([
    [
      'the last word counts',
      { purpose: 'marketing' },
      {
        consents: [
          { ...marketing, state: 'granted' },
          { ...marketing, state: 'withdrawn' },
        ],
      },
      'no_consent',
    ],
    [
      'and may be given again',
      { purpose: 'marketing' },
      {
        consents: [
          { ...marketing, state: 'withdrawn' },
          { ...marketing, state: 'granted' },
        ],
      },
      'on_time',
    ],
    [
      'a withdrawal of one stops what goes to that one',
      { purpose: 'marketing' },
      {
        contacts: two,
        consents: [
          { ...marketing, state: 'granted' },
          { ...marketing, contactId: 'c1', state: 'withdrawn' },
        ],
      },
      'no_consent',
    ],
    [
      'but not what goes to both',
      { purpose: 'marketing', to: 'both' },
      {
        contacts: two,
        consents: [
          { ...marketing, state: 'granted' },
          { ...marketing, contactId: 'c1', state: 'withdrawn' },
        ],
      },
      'on_time',
    ],
    [
      'service goes unless it was withdrawn',
      {},
      { consents: [{ channel: 'email', purpose: 'service', state: 'withdrawn' }] },
      'no_consent',
    ],
    [
      'transactional asks for neither',
      { purpose: 'transactional' },
      { consents: [{ channel: 'email', purpose: 'transactional', state: 'withdrawn' }] },
      'on_time',
    ],
    [
      'a suppression without purposes stops it all the same',
      { purpose: 'transactional' },
      { suppressions: [{ channel: 'email', contactId: 'c1' }] },
      'suppressed',
    ],
    [
      'one with purposes stops those',
      { purpose: 'transactional' },
      { suppressions: [{ channel: 'email', purposes: ['marketing', 'service'] }] },
      'on_time',
    ],
    ['of another channel none', {}, { suppressions: [{ channel: 'sms' }] }, 'on_time'],
    ['nobody of that role', { to: 'role:florist' }, {}, 'no_address'],
    ['no contacts at all', {}, { contacts: [] }, 'no_address'],
    ['contacts that are not known are not asked', { purpose: 'marketing' }, { contacts: undefined }, 'on_time'],
  ])('%s', (_name, step, facts, code) => {
    expect(reason(step, facts)).toBe(code);
  });

  test('is looked at again for every attempt', () => {
    const steps = [email('a', { when: wedding(-7) })];
    const ledger = [recorded('a', DUE, { attempts: 1, nextAttemptAt: '2027-06-05T09:00:00Z' })];
    const plan = ask({ steps, ledger, suppressions: [{ channel: 'email' }], now: '2027-06-05T08:30:00Z' });
    expect(plan.next).toEqual({ kind: 'run', key: 'a', occurrence: 1 });
    expect(line(plan, 'a').state).toBe('will_skip');
  });
});

describe('approval', () => {
  const approval = { deadline: { hours: 24 }, fallback: 'send' };
  const steps = [email('a', { when: wedding(-7), approval })];
  const decided = (decision: string, when: string) => [{ key: 'a', decision, at: when }];
  const ledger = [recorded('a', DUE)];

  test('is asked for two days ahead, by the calendar', () => {
    expect(ask({ steps }).next).toEqual({ kind: 'wait', until: '2027-06-03T08:00:00Z' });
    expect(
      ask({ steps: [email('a', { when: wedding(-7), approval: { ...approval, ahead: { hours: 5 } } })] }).next,
    ).toEqual({
      kind: 'wait',
      until: '2027-06-05T03:00:00Z',
    });
  });

  test('given early, the step goes when due; given after, at once as the window allows', () => {
    expect(shortly(ask({ steps, approvals: decided('approved', BOOKED) }))).toEqual([`a planned on_time ${DUE}`]);
    const organization = { sendWindow: { from: '09:00', to: '12:00' } };
    const evening = '2027-06-05T19:00:00Z';
    expect(
      shortly(ask({ steps, ledger, organization, approvals: decided('approved', evening), now: evening })),
    ).toEqual(['a planned overdue 2027-06-06T08:00:00Z']);
  });

  test('of the second of the deadline counts, a later one comes too late', () => {
    const deadline = '2027-06-06T08:00:00Z';
    const skipping = [email('a', { when: wedding(-7), approval: { ...approval, fallback: 'skip' } })];
    expect(
      line(ask({ steps: skipping, ledger, approvals: decided('approved', deadline), now: deadline }), 'a').state,
    ).toBe('planned');
    expect(
      line(
        ask({
          steps: skipping,
          ledger,
          approvals: decided('approved', '2027-06-06T08:00:01Z'),
          now: '2027-06-06T08:00:01Z',
        }),
        'a',
      ).state,
    ).toBe('will_skip');
  });

  test('the last word before the deadline counts', () => {
    const approvals = [...decided('approved', '2027-06-03T09:00:00Z'), ...decided('rejected', '2027-06-03T09:05:00Z')];
    expect(shortly(ask({ steps, approvals, now: '2027-06-03T10:00:00Z' }))).toEqual([`a will_skip rejected ${DUE}`]);
  });

  test('nobody gives: it is sent at the deadline, and waits for the window and for nobody else', () => {
    const more = [...steps, email('b', { when: at('10:00') })];
    const plan = ask({
      steps: more,
      ledger: [...ledger, recorded('b', '2027-06-05T09:00:00Z')],
      now: '2027-06-05T09:00:00Z',
    });
    expect(plan.next).toEqual({ kind: 'run', key: 'b', occurrence: 1 });
    expect(shortly(ask({ steps, ledger, now: '2027-06-06T08:00:00Z' }))).toEqual([
      'a planned overdue 2027-06-06T08:00:00Z',
    ]);
  });

  test('is for each occurrence of its own', () => {
    const repeated = [
      email('a', {
        when: wedding(-7),
        approval: { ...approval, ahead: { hours: 1 } },
        repeat: { every: { days: 7 }, times: 2 },
      }),
    ];
    const approvals = [{ key: 'a', occurrence: 1, decision: 'approved', at: BOOKED }];
    const plan = ask({ steps: repeated, approvals, ledger: [done('a', DUE)], now: '2027-06-12T07:30:00Z' });
    expect(line(plan, 'a#2').reason.code).toBe('needs_approval');
  });

  test('of an occurrence is asked for until it falls due behind one that is not decided: then it waits for that', () => {
    const repeated = [
      email('a', {
        when: wedding(-7),
        approval: { ...approval, ahead: { days: 3 }, deadline: { days: 7 } },
        repeat: { every: { days: 1 }, times: 2 },
      }),
    ];
    const planAt = (now: string) => ask({ steps: repeated, ledger: [recorded('a', DUE)], now });
    const both = planAt('2027-06-05T09:00:00Z');
    expect(both.steps.map(({ reason }) => reason.code)).toEqual(['needs_approval', 'needs_approval']);
    expect(both.next).toMatchObject({ kind: 'wait', until: '2027-06-06T08:00:00Z' });
    expect(planAt('2027-06-06T08:00:00Z').steps[1]?.reason.code).toBe('waiting_for_step');
  });
});

describe('retry', () => {
  test('waits for its moment and for the window, and others go on', () => {
    const steps = [
      email('a', { when: { anchor: 'journey_start' } }),
      task('b', { when: { anchor: 'journey_start', offset: { minutes: 1 } } }),
    ];
    const ledger = [recorded('a', BOOKED, { attempts: 1, nextAttemptAt: '2026-11-20T21:00:00Z' })];
    const organization = { sendWindow: { from: '09:00', to: '20:00' } };
    expect(shortly(ask({ steps, ledger, organization }))).toEqual([
      'a planned retry 2026-11-21T09:00:00Z',
      'b planned on_time 2026-11-20T10:01:00Z',
    ]);
  });

  test('follows the date when that moves', () => {
    const steps = [email('a', { when: wedding(-7) })];
    const ledger = [recorded('a', '2027-05-01T08:00:00Z', { attempts: 1, nextAttemptAt: '2027-05-01T09:00:00Z' })];
    expect(shortly(ask({ steps, ledger, now: '2027-05-01T08:30:00Z' }))).toEqual([`a planned retry ${DUE}`]);
  });
});

describe('next', () => {
  test('is the step ready longest, of two the earlier in the list', () => {
    const steps = [
      task('late', { when: { anchor: 'journey_start', offset: { hours: 2 } } }),
      task('one', { when: { anchor: 'journey_start', offset: { hours: 1 } } }),
      task('two', { when: { anchor: 'journey_start', offset: { hours: 1 } } }),
    ];
    expect(ask({ steps, now: '2026-11-20T13:00:00Z' }).next).toEqual({ kind: 'run', key: 'one', occurrence: 1 });
  });

  test('is finished when every step is done, skipped, failed or not taken; unknown keeps it open', () => {
    const steps = ['a', 'b', 'c'].map((key) => task(key, { when: { anchor: 'journey_start' } }));
    const rows = (state: string) => [
      done('a', BOOKED),
      done('b', BOOKED, { state: 'skipped' }),
      done('c', BOOKED, { state }),
    ];
    expect(ask({ steps, ledger: rows('failed') })).toMatchObject({ status: 'completed', next: { kind: 'finished' } });
    expect(ask({ steps, ledger: rows('unknown') })).toMatchObject({
      status: 'active',
      next: { kind: 'wait', until: null },
    });
  });
});

describe('of several causes', () => {
  test.each([
    [
      'stopped',
      {
        execution: {
          startedAt: BOOKED,
          status: 'stopped',
          stoppedAt: BOOKED,
          endedStages: [{ stage: 's', at: BOOKED }],
        },
      },
    ],
    ['stage_ended', { execution: { startedAt: BOOKED, endedStages: [{ stage: 's', at: BOOKED }] } }],
    ['already_paid', {}],
    ['only_if', { payments: PENDING() }],
    ['repeat_ended', { payments: PENDING(), client: { tags: ['x', 'end'] } }],
    ['past', { payments: PENDING(), client: { tags: ['x'] } }],
    ['past_useful', { payments: PENDING(), client: { tags: ['x'] }, step: { ifPast: 'send_now' } }],
    [
      'no_address',
      { payments: PENDING(), client: { tags: ['x'] }, step: { ifPast: 'send_now', usefulUntil: undefined } },
    ],
  ])('%s comes first', (code, facts) => {
    const { step = {}, ...rest } = facts as { step?: Record<string, unknown> };
    const when = { anchor: 'payment_due:balance', offset: { days: -7 }, usefulUntil: { days: -5 }, ...step };
    const steps = [
      {
        ...email('a', {
          when,
          stage: 's',
          onlyIf: { field: 'client.tags', has: 'x' },
          repeat: { every: { days: 1 }, times: 1, until: { field: 'client.tags', has: 'end' } },
        }),
        approval: { deadline: { hours: 1 }, fallback: 'skip' },
      },
    ];
    const payments = [{ id: 'p', kind: 'balance', dueOn: '2026-11-20', status: 'succeeded' }];
    expect(line(ask({ steps, payments, contacts: [], ...rest }), 'a').reason.code).toBe(code);
  });

  function PENDING() {
    return [{ id: 'p', kind: 'balance', dueOn: '2026-11-20', status: 'pending' }];
  }
});

describe('payments', () => {
  const due = (anchor: string, payments: Record<string, unknown>[], execution = {}) =>
    line(ask({ steps: [email('a', { when: { anchor }, purpose: 'transactional' })], payments, execution }), 'a');
  const first = { id: 'p1', kind: 'balance', dueOn: '2027-02-01' };
  const second = { id: 'p2', kind: 'balance', dueOn: '2027-04-01' };
  const deposit = { id: 'd', kind: 'deposit', dueOn: '2027-01-01' };

  test('count from the earliest that is not yet paid, of that kind', () => {
    expect(due('payment_due:balance', [deposit, second, first]).local).toBe('2027-02-01T09:00');
    expect(due('payment_due:balance', [deposit, second, { ...first, status: 'succeeded' }]).local).toBe(
      '2027-04-01T09:00',
    );
    expect(due('payment_due', [second, first, deposit]).local).toBe('2027-01-01T09:00');
  });

  test('from the one that set the journey off, where no kind is named', () => {
    const execution = { trigger: { event: 'payment.scheduled', at: BOOKED, ref: 'p2' } };
    expect(due('payment_due', [deposit, first, second], execution).local).toBe('2027-04-01T09:00');
    expect(due('payment_due:deposit', [deposit, first, second], execution).local).toBe('2027-01-01T09:00');
  });

  test('from the last where all are paid, and then there is nothing to remind of', () => {
    const paid = [first, second].map((payment) => ({ ...payment, status: 'succeeded' }));
    expect(due('payment_due:balance', paid)).toMatchObject({
      local: '2027-04-01T09:00',
      state: 'will_skip',
      reason: { code: 'already_paid' },
    });
  });

  test('wait where the one that set the journey off was cancelled: it is due on no day, whatever else is', () => {
    const execution = { trigger: { event: 'payment.scheduled', at: BOOKED, ref: 'p2' } };
    const cancelled = { ...second, dueOn: null, status: 'cancelled' };
    expect(due('payment_due', [first, cancelled], execution)).toMatchObject({
      state: 'waiting',
      dueAt: null,
      reason: { code: 'anchor_missing' },
    });
  });

  test('a refund is no payment', () => {
    expect(due('payment_due:balance', [{ ...first, status: 'refunded' }]).state).toBe('planned');
  });
});
