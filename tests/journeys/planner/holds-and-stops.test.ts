// Rules 11 to 13: postponed, stopped, held, resumed; stages that end; and what never came.
import { describe, expect, test } from 'vitest';
import { ask, BOOKED, done, email, line, recorded, shortly, task, wedding } from '../support/ask.ts';

const STOPPED = '2027-01-10T22:30:00Z';
const stopped = { status: 'stopped', stoppedAt: STOPPED, stopReason: 'client.cancelled' };

describe('a stop', () => {
  test('keeps what is due in the same second from going', () => {
    const steps = [email('a', { when: { anchor: 'date:call', at: '22:30' } })];
    const plan = ask({ steps, client: { dates: { call: '2027-01-10' } }, execution: stopped, now: STOPPED });
    expect(shortly(plan)).toEqual([`a skipped stopped ${STOPPED}`]);
    expect(plan).toMatchObject({ status: 'stopped', next: { kind: 'finished' } });
  });

  test('runs the closing steps, each counted from the stop unless it says otherwise', () => {
    const steps = [email('a', { when: wedding(-7) })];
    const closing = [
      task('free', {}),
      email('note', { when: { offset: { days: 1 }, at: '11:00' } }),
      task('after', { when: { anchor: 'previous_step', offset: { hours: 1 } } }),
      task('named', { when: { anchor: 'step:free', offset: { hours: 2 } } }),
    ];
    expect(ask({ steps, closing }).steps.map(({ key }) => key)).toEqual(['a']);
    expect(shortly(ask({ steps, closing, execution: stopped, now: STOPPED })).slice(1)).toEqual([
      `free planned on_time ${STOPPED}`,
      'note planned on_time 2027-01-11T11:00:00Z',
      'after waiting waiting_for_step 2027-01-11T12:00:00Z',
      'named waiting waiting_for_step 2027-01-11T00:30:00Z',
    ]);
  });

  test('leaves a send whose answer was lost for somebody to clear up', () => {
    const steps = [email('a', { when: { anchor: 'journey_start' } })];
    const ledger = [recorded('a', BOOKED, { state: 'unknown' })];
    const plan = ask({ steps, ledger, execution: stopped, now: STOPPED });
    expect(plan).toMatchObject({ status: 'stopped', next: { kind: 'wait', until: null } });
  });

  test('may be a step that failed and was told to stop the journey', () => {
    const steps = [
      email('a', { when: { anchor: 'journey_start' }, onFailure: 'stop' }),
      email('b', { when: wedding(-7) }),
    ];
    const plan = ask({ steps, ledger: [done('a', BOOKED, { state: 'failed' })] });
    expect(shortly(plan)[1]).toMatch(/^b skipped stopped/);
    expect(plan.status).toBe('stopped');
  });

  test('is not there before its time', () => {
    const execution = { ...stopped, status: 'active' };
    expect(ask({ steps: [email('a', { when: wedding(-7) })], execution }).status).toBe('active');
  });
});

describe('a stage that has ended', () => {
  const execution = { endedStages: [{ stage: 'chase', at: '2027-01-12T09:05:00Z' }] };
  const now = '2027-01-12T09:05:00Z';

  test('lets go on what counts from its steps, from that moment', () => {
    const steps = [email('a', { when: wedding(-7), stage: 'chase' }), email('b', { when: { offset: { days: 1 } } })];
    expect(shortly(ask({ steps, execution, now }))[1]).toBe('b planned on_time 2027-01-13T09:05:00Z');
  });

  test('does not run the closing steps', () => {
    const plan = ask({
      steps: [email('a', { when: wedding(-7), stage: 'chase' })],
      closing: [task('z')],
      execution,
      now,
    });
    expect(plan).toMatchObject({ status: 'completed', next: { kind: 'finished' } });
  });

  test('ends a hold, a retry and a wait for approval of its steps', () => {
    const approval = { deadline: { days: 9 }, fallback: 'send' };
    const steps = [
      email('a', { when: { anchor: 'journey_start' }, stage: 'chase', approval }),
      email('b', { when: { anchor: 'journey_start' }, stage: 'chase' }),
    ];
    const ledger = [recorded('b', BOOKED, { attempts: 2, nextAttemptAt: '2027-01-13T09:00:00Z' })];
    expect(ask({ steps, ledger, execution, now }).status).toBe('completed');
  });
});

describe('postponed without a date', () => {
  const client = { postponed: true };

  test('freezes what hangs on the wedding, whatever its `ifMissing`', () => {
    const steps = [
      email('a', { when: { ...wedding(-7), ifMissing: 'skip' } }),
      { key: 'w', type: 'wait_for', event: 'signed', when: wedding(-60), limit: { offset: { days: 3 } } },
      {
        key: 'v',
        type: 'wait_for',
        event: 'signed',
        when: { anchor: 'journey_start' },
        limit: { anchor: 'wedding_date' },
      },
      email('b', { when: { anchor: 'journey_start' } }),
    ];
    expect(shortly(ask({ steps, client }))).toEqual([
      'a waiting postponed -',
      'w waiting postponed -',
      'v waiting waiting_for_event -',
      `b planned on_time ${BOOKED}`,
    ]);
  });

  test('makes the wedding a missing value of conditions', () => {
    const steps = [
      { key: 'q', type: 'condition', test: { field: 'wedding.daysAway', gt: 0 } },
      email('a', { when: { anchor: 'journey_start' }, onlyIf: { field: 'wedding.date', isSet: true } }),
    ];
    expect(line(ask({ steps, client }), 'a').reason).toMatchObject({ code: 'only_if' });
  });

  test('holds everything that falls due where the organization wants that', () => {
    const steps = [
      email('a', { when: { anchor: 'journey_start' } }),
      task('b', { when: { anchor: 'journey_start', offset: { days: 3 } } }),
    ];
    expect(shortly(ask({ steps, client, organization: { holdWhenPostponed: true } }))).toEqual([
      `a held paused ${BOOKED}`,
      'b planned on_time 2026-11-23T10:00:00Z',
    ]);
  });

  test('is given up in the end', () => {
    const steps = [email('a', { when: wedding(-7) })];
    expect(ask({ steps, client }).next).toEqual({ kind: 'wait', until: '2027-12-25T10:00:00Z' });
    expect(shortly(ask({ steps, client, now: '2027-12-25T10:00:00Z' }))).toEqual(['a will_skip never_came -']);
  });
});

describe('holds', () => {
  const holds = [{ scope: 'client', since: '2027-01-01T00:00:00Z' }];
  const steps = [
    email('a', { when: { anchor: 'date:call' } }),
    { key: 'q', type: 'condition', when: { anchor: 'date:call' }, test: { field: 'client.tags', has: 'x' } },
    email('later', { when: wedding(-7) }),
    email('paid', { when: { anchor: 'payment_due' } }),
  ];
  const base = {
    steps,
    client: { dates: { call: '2027-01-09' } },
    payments: [{ id: 'p', kind: 'balance', dueOn: '2027-01-09', status: 'succeeded' }],
    ledger: [recorded('a', '2027-01-09T09:00:00Z'), recorded('q', '2027-01-09T09:00:00Z')],
    now: '2027-01-10T09:00:00Z',
  };

  test('freeze everything that is due, also what would be skipped', () => {
    const plan = ask({ ...base, execution: { holds } });
    expect(shortly(plan).map((text) => text.split(' ').slice(0, 3).join(' '))).toEqual([
      'a held paused',
      'q held paused',
      'later planned on_time',
      'paid held paused',
    ]);
  });

  test('let no deadline of an approval run out', () => {
    const approval = { deadline: { hours: 24 }, fallback: 'task' };
    const question = {
      steps: [email('a', { when: { anchor: 'date:call' }, approval })],
      client: { dates: { call: '2027-01-09' } },
      ledger: [recorded('a', '2027-01-09T09:00:00Z')],
    };
    const plan = ask({ ...question, execution: { holds }, now: '2027-01-20T09:00:00Z' });
    expect(shortly(plan)).toEqual(['a held paused 2027-01-09T09:00:00Z']);
    expect(plan.next).toEqual({ kind: 'wait', until: null });
    const resumed = { since: '2027-01-01T00:00:00Z', at: '2027-01-20T09:00:00Z', late: 'send' };
    const after = ask({ ...question, execution: { resumed }, now: '2027-01-20T09:00:00Z' });
    expect(shortly(after)).toEqual(['a waiting needs_approval 2027-01-09T09:00:00Z']);
    expect(after.next).toEqual({ kind: 'wait', until: '2027-01-21T09:00:00Z' });
  });

  test('begin when they begin', () => {
    const future = [{ scope: 'client', since: '2027-01-11T00:00:00Z' }];
    expect(line(ask({ ...base, execution: { holds: future } }), 'a').state).toBe('planned');
  });

  test('leave their place in the queue and under the cap to the others', () => {
    const capped = [
      { ...email('text', { when: { anchor: 'journey_start' } }), type: 'sms' },
      email('mail', { when: { anchor: 'journey_start' } }),
    ];
    const execution = { holds: [{ scope: 'channel', channel: 'sms', since: BOOKED }] };
    expect(shortly(ask({ steps: capped, execution, organization: { dailyCap: 1 } }))).toEqual([
      `text held paused ${BOOKED}`,
      `mail planned on_time ${BOOKED}`,
    ]);
  });
});

describe('after a hold', () => {
  const since = '2027-05-10T09:00:00Z';
  const at = '2027-05-14T15:30:00Z';
  const steps = [
    email('a', { when: wedding(-32) }),
    email('b', { when: wedding(-31) }),
    task('job', { when: wedding(-31) }),
    { key: 'q', type: 'condition', when: wedding(-31), test: { field: 'client.tags', has: 'x' } },
    email('before', { when: wedding(-34) }),
  ];
  const ledger = [
    recorded('a', '2027-05-11T08:00:00Z'),
    recorded('b', '2027-05-12T08:00:00Z'),
    recorded('job', '2027-05-12T08:00:00Z'),
    recorded('q', '2027-05-12T08:00:00Z'),
    recorded('before', '2027-05-09T08:00:00Z'),
  ];
  const resumed = (late: string) =>
    shortly(ask({ steps, ledger, execution: { resumed: { since, at, late } }, now: at }));

  test('`send` catches up, one message a day, and what is no message at once', () => {
    expect(resumed('send')).toEqual([
      `a planned caught_up ${at}`,
      'b planned caught_up 2027-05-15T08:00:00Z',
      `job planned caught_up ${at}`,
      'q planned overdue 2027-05-12T08:00:00Z',
      'before planned overdue 2027-05-09T08:00:00Z',
    ]);
  });

  test('`skip` leaves out what was missed, tasks too; conditions just run', () => {
    expect(resumed('skip').map((text) => text.split(' ').slice(0, 3).join(' '))).toEqual([
      'a will_skip missed_while_held',
      'b will_skip missed_while_held',
      'job will_skip missed_while_held',
      'q planned overdue',
      'before planned overdue',
    ]);
  });

  test('`ask` asks for each, and goes by the answers', () => {
    expect(resumed('ask')[0]).toBe('a held needs_answer 2027-05-11T08:00:00Z');
    const approvals = [
      { key: 'a', decision: 'rejected', at: '2027-05-15T10:00:00Z' },
      { key: 'b', decision: 'approved', at: '2027-05-15T10:00:00Z' },
    ];
    const plan = ask({
      steps,
      ledger,
      approvals,
      execution: { resumed: { since, at, late: 'ask' } },
      now: '2027-05-15T10:00:00Z',
    });
    expect(shortly(plan).slice(0, 2)).toEqual([
      'a will_skip rejected 2027-05-11T08:00:00Z',
      'b planned caught_up 2027-05-15T10:00:00Z',
    ]);
  });

  test('a date that moved during the hold is past by its own rule', () => {
    const anew = [recorded('a', '2027-05-11T08:00:00Z', { plannedAt: '2027-05-13T08:00:00Z' })];
    const plan = ask({
      steps: steps.slice(0, 1),
      ledger: anew,
      execution: { resumed: { since, at, late: 'send' } },
      now: at,
    });
    expect(shortly(plan)).toEqual(['a will_skip past 2027-05-11T08:00:00Z']);
  });

  test('what had been tried before is tried again, not missed', () => {
    const tried = [recorded('a', '2027-05-11T08:00:00Z', { attempts: 1, nextAttemptAt: '2027-05-14T15:00:00Z' })];
    const plan = ask({
      steps: steps.slice(0, 1),
      ledger: tried,
      execution: { resumed: { since, at, late: 'skip' } },
      now: at,
    });
    expect(shortly(plan)).toEqual(['a planned retry 2027-05-14T15:00:00Z']);
  });
});

describe('what never came', () => {
  const steps = [email('a', { when: { anchor: 'event:signed' } })];
  const until = (question: Record<string, unknown>) => ask({ steps, ...question }).next;

  test('is waited for so many days after the wedding, by the organization’s default time', () => {
    const organization = { closeAfterDays: 10, defaultTime: '08:00', zone: 'America/New_York' };
    expect(until({ organization })).toEqual({ kind: 'wait', until: '2027-06-22T12:00:00Z' });
  });

  test('after the start where the wedding was before it', () => {
    expect(until({ client: { weddingOn: '2026-01-10' } })).toEqual({ kind: 'wait', until: '2027-12-25T10:00:00Z' });
  });

  test('after the last step that ended where there is no date', () => {
    const more = [...steps, task('job', { when: { anchor: 'journey_start' } })];
    const ledger = [done('job', '2026-11-30T10:00:00Z')];
    expect(ask({ steps: more, ledger, client: { weddingOn: null } }).next).toEqual({
      kind: 'wait',
      until: '2028-01-04T10:00:00Z',
    });
  });
});
