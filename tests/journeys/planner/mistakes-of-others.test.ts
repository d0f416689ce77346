// Mistakes that other journey engines made, and their suppliers paid for. Each is one we do not make.
import { describe, expect, test } from 'vitest';
import { simulate } from '../../../journeys/simulate.ts';
import { ask, BOOKED, email, factsOf, journeyOf, line, recorded, task, wedding } from '../support/ask.ts';

const script = (at: string, what: string, details: Record<string, unknown> = {}) => ({ at, do: what, details });
const sentIn = (
  steps: Record<string, unknown>[],
  rows: ReturnType<typeof script>[],
  more: Record<string, unknown> = {},
) =>
  simulate(
    journeyOf({ steps, ...(more['stops'] ? { stops: more['stops'] as Record<string, unknown>[] } : {}) }),
    factsOf(more),
    rows,
  ).log.flatMap((entry) =>
    entry.kind === 'step' && (entry.fate === 'sent' || entry.fate === 'done') ? [`${entry.key} ${entry.local}`] : [],
  );

describe('clocks', () => {
  test('today’s distance from UTC is not used for a day after the change of clocks', () => {
    const plan = ask({ steps: [email('a', { when: wedding(-1) })], now: BOOKED });
    expect(line(plan, 'a')).toMatchObject({ dueAt: '2027-06-11T08:00:00Z', local: '2027-06-11T09:00' });
  });

  test('the day of the week is that of the couple, not that of UTC', () => {
    // 08:00 on Monday in Auckland is still Sunday in UTC.
    const steps = [email('a', { when: { ...wedding(0), at: '08:00', days: 'weekdays' } })];
    const client = { weddingOn: '2027-06-14', weddingZone: 'Pacific/Auckland' };
    expect(line(ask({ steps, client }), 'a')).toMatchObject({ local: '2027-06-14T08:00', reason: { code: 'on_time' } });
  });

  test('a date is a date, not midnight in UTC', () => {
    const steps = [email('a', { when: { ...wedding(0), at: '09:00' } })];
    expect(line(ask({ steps, client: { weddingZone: 'America/Los_Angeles' } }), 'a').local).toBe('2027-06-12T09:00');
  });

  test('quiet hours follow the clock of the recipient through the change, not a fixed distance', () => {
    const steps = [email('a', { when: { ...wedding(0), at: '07:30' } })];
    const organization = { sendWindow: { from: '08:00', to: '20:00' } };
    for (const weddingOn of ['2027-03-27', '2027-03-28', '2027-10-30', '2027-10-31']) {
      expect(line(ask({ steps, organization, client: { weddingOn } }), 'a').local).toBe(`${weddingOn}T08:00`);
    }
  });

  test('the night on which clocks go back plans each step once', () => {
    const steps = [task('a', { when: { ...wedding(0), at: '01:30' } })];
    const client = { weddingOn: '2027-10-31' };
    expect(sentIn(steps, [], { client })).toEqual(['a 2027-10-31T01:30']);
  });
});

describe('dates', () => {
  test('that move are looked at again: nothing goes by the old date', () => {
    const steps = [email('a', { when: wedding(-30) })];
    const rows = [script('2027-03-01T10:00:00Z', 'wedding_date.set', { weddingOn: '2027-09-04' })];
    expect(sentIn(steps, rows)).toEqual(['a 2027-08-05T09:00']);
  });

  test('may also move a step to an earlier day', () => {
    const steps = [email('a', { when: wedding(-30) })];
    const rows = [script('2027-03-01T10:00:00Z', 'wedding_date.set', { weddingOn: '2027-04-10' })];
    expect(sentIn(steps, rows)).toEqual(['a 2027-03-11T09:00']);
  });

  test.each([null, '2027-02-30', '0000-00-00', '9999-12-31'])('%s is nobody’s wedding: nothing goes', (weddingOn) => {
    expect(line(ask({ steps: [email('a', { when: wedding(-30) })], client: { weddingOn } }), 'a')).toMatchObject({
      state: 'waiting',
      runAt: null,
    });
  });

  test('in the past do not send at once', () => {
    expect(
      line(ask({ steps: [email('a', { when: wedding(-30) })], client: { weddingOn: '1970-01-01' } }), 'a').reason.code,
    ).toBe('past');
  });
});

describe('joining and coming back', () => {
  const late = { execution: { startedAt: '2027-06-01T10:00:00Z' } };
  const reminders = [-90, -60, -30, -20].map((days, index) =>
    email(`r${index}`, { when: { ...wedding(days), ifPast: 'send_now' } }),
  );

  test('joining late does not fire every reminder at once', () => {
    expect(sentIn(reminders, [], late).map((text) => text.slice(3, 13))).toEqual([
      '2027-06-01',
      '2027-06-02',
      '2027-06-03',
      '2027-06-04',
    ]);
  });

  test('ending a pause does not send everything that fell due', () => {
    const steps = [-40, -39, -38, -37].map((days, index) => email(`r${index}`, { when: wedding(days) }));
    const rows = [
      script('2027-05-01T10:00:00Z', 'hold', { scope: 'client' }),
      script('2027-05-10T10:00:00Z', 'resume', { late: 'send' }),
    ];
    expect(new Set(sentIn(steps, rows).map((text) => text.slice(3, 13))).size).toBe(4);
  });

  test('a worker that was away for a week sends what fell due, under the cap', () => {
    const steps = [-40, -39, -38, -37].map((days, index) => email(`r${index}`, { when: wedding(days) }));
    const rows = [script('2027-05-01T10:00:00Z', 'worker.down', { until: '2027-05-08T10:00:00Z' })];
    expect(sentIn(steps, rows)).toEqual([
      'r0 2027-05-08T11:00',
      'r1 2027-05-08T11:00',
      'r2 2027-05-08T11:00',
      'r3 2027-05-09T09:00',
    ]);
  });
});

describe('ends', () => {
  test('a cancellation stops what waits, at once and not at the end of its step', () => {
    const steps = [{ key: 'pause', type: 'delay', when: { offset: { days: 30 } } }, email('a')];
    const rows = [script('2026-11-21T10:00:00Z', 'client.cancelled')];
    const { log } = simulate(journeyOf({ steps, stops: [{ on: 'client.cancelled' }] }), factsOf({}), rows);
    expect(log.flatMap((entry) => (entry.kind === 'step' ? [`${entry.key} ${entry.fate} ${entry.at}`] : []))).toEqual([
      'pause skipped 2026-11-21T10:00:00Z',
      'a skipped 2026-11-21T10:00:00Z',
    ]);
  });

  test('a failed message does not end the journey', () => {
    const steps = [email('a', { when: { anchor: 'journey_start' } }), email('b', { when: wedding(-7) })];
    const ledger = [recorded('a', BOOKED, { state: 'failed', endedAt: BOOKED })];
    expect(line(ask({ steps, ledger }), 'b').state).toBe('planned');
  });

  test('a wait at the end of a journey keeps the couple in it', () => {
    const plan = ask({
      steps: [
        email('a', { when: { anchor: 'journey_start' } }),
        { key: 'd', type: 'delay', when: { offset: { days: 90 } } },
      ],
      ledger: [recorded('a', BOOKED, { state: 'done', endedAt: BOOKED })],
    });
    expect(plan).toMatchObject({ status: 'active', next: { kind: 'wait', until: '2027-02-18T10:00:00Z' } });
  });

  test('a condition on a date is asked when it is due, not when it is first seen', () => {
    const steps = [
      { key: 'q', type: 'condition', when: wedding(-30), test: { field: 'wedding.daysAway', lte: 30 } },
      email('a', { in: { step: 'q', arm: 'yes' } }),
    ];
    expect(sentIn(steps, [])).toEqual(['a 2027-05-13T09:00']);
  });
});

describe('loops', () => {
  test('a step repeats more often than the journey has steps', () => {
    const steps = [email('a', { when: { anchor: 'journey_start' }, repeat: { every: { days: 1 }, times: 12 } })];
    expect(sentIn(steps, [])).toHaveLength(12);
  });

  test('a pause lets nobody fall out: what came after it goes as planned', () => {
    const steps = [email('a', { when: wedding(-40) }), email('b', { when: wedding(-7) })];
    const rows = [
      script('2027-05-01T10:00:00Z', 'hold', { scope: 'client' }),
      script('2027-05-10T10:00:00Z', 'resume', { late: 'skip' }),
    ];
    expect(sentIn(steps, rows)).toEqual(['b 2027-06-05T09:00']);
  });
});

describe('days', () => {
  test('a day is a day of the calendar, 24 hours are 24 hours', () => {
    const execution = { startedAt: '2027-03-27T10:00:00Z' };
    const steps = [
      task('day', { when: { anchor: 'journey_start', offset: { days: 1 } } }),
      task('hours', { when: { anchor: 'journey_start', offset: { hours: 24 } } }),
    ];
    expect(sentIn(steps, [], { execution })).toEqual(['day 2027-03-28T10:00', 'hours 2027-03-28T11:00']);
  });
});
