// Rules 1 to 6: civil time first, units, clocks that change, zones, send window, working days.
import { Temporal } from 'temporal-polyfill';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCalendar } from '../../../journeys/calendar.ts';
import { addMonths, formatDay, parseDay, weekdayOf } from '../../../journeys/civil.ts';
import { ask, BOOKED, email, line, task, wedding } from '../support/ask.ts';

const due = (when: Record<string, unknown>, more: Record<string, unknown> = {}) => {
  const { dueAt, local, reason } = line(ask({ steps: [email('a', { when })], ...more }), 'a');
  return { dueAt, local, reason: reason.code };
};

describe('the calendar agrees with Temporal', () => {
  const ZONES = [
    'Europe/London',
    'America/New_York',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Africa/Casablanca',
    'America/St_Johns',
    'Antarctica/Troll',
  ];
  const wall = fc.record({
    day: fc.integer({ min: 14_000, max: 25_000 }),
    second: fc.integer({ min: 0, max: 86_399 }),
  });

  test.each(ZONES)('from wall clock to instant and back in %s', (id) => {
    const zone = createCalendar().zone(id);
    fc.assert(
      fc.property(wall, ({ day, second }) => {
        const expected = Temporal.PlainDate.from(formatDay(day))
          .toPlainDateTime()
          .add({ seconds: second })
          .toZonedDateTime(id);
        expect(zone.instantAt({ day, second })).toBe(expected.epochMilliseconds);
        const shown = expected.toPlainDateTime();
        expect(zone.wallAt(expected.epochMilliseconds)).toEqual({
          day: parseDay(shown.toPlainDate().toString()),
          second: shown.hour * 3600 + shown.minute * 60 + shown.second,
        });
      }),
      { numRuns: 500 },
    );
  });

  test('on months and weekdays', () => {
    fc.assert(
      fc.property(fc.integer({ min: -20_000, max: 40_000 }), fc.integer({ min: -1_200, max: 1_200 }), (day, months) => {
        const date = Temporal.PlainDate.from(formatDay(day));
        expect(formatDay(addMonths(day, months))).toBe(date.add({ months }).toString());
        expect(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'][date.dayOfWeek - 1]).toBe(weekdayOf(day));
      }),
    );
  });

  test.each(['2027-02-30', '2027-13-01', '0000-00-00', 'tomorrow', '', null, undefined])('%s is no date', (date) => {
    expect(parseDay(date)).toBeNull();
  });
});

describe('units', () => {
  test('an instant keeps its wall time over a change of clocks, unless hours are counted', () => {
    const execution = { startedAt: '2027-03-27T10:00:00Z' };
    const from = { execution, now: '2027-03-27T10:00:00Z' };
    expect(due({ anchor: 'journey_start', offset: { days: 1 } }, from).dueAt).toBe('2027-03-28T09:00:00Z');
    expect(due({ anchor: 'journey_start', offset: { hours: 24 } }, from).dueAt).toBe('2027-03-28T10:00:00Z');
  });

  test('hours before a wedding count from the ceremony, by the clock of the place', () => {
    const client = { weddingTime: '14:00', weddingZone: 'Europe/Rome' };
    expect(due({ anchor: 'wedding_date', offset: { hours: -3 }, zone: 'organization' }, { client })).toMatchObject({
      dueAt: '2027-06-12T09:00:00Z',
      local: '2027-06-12T10:00',
    });
  });

  test('and without a time for the ceremony they wait for it', () => {
    const plan = ask({ steps: [email('a', { when: { anchor: 'wedding_date', offset: { hours: -3 } } })] });
    expect(line(plan, 'a').reason).toEqual({ code: 'anchor_missing', field: 'client.weddingTime' });
  });

  test('`at` never goes back before an instant, unless the offset does', () => {
    expect(due({ anchor: 'journey_start', at: '09:00' }).dueAt).toBe('2026-11-21T09:00:00Z');
    expect(due({ anchor: 'journey_start', at: '10:00' }).dueAt).toBe(BOOKED);
    expect(due({ anchor: 'journey_start', offset: { days: -1 }, at: '09:00' }).dueAt).toBe('2026-11-19T09:00:00Z');
    expect(due({ anchor: 'journey_start', offset: { hours: 30 }, at: '09:00' }).dueAt).toBe('2026-11-22T09:00:00Z');
  });
});

describe('zones', () => {
  const contacts = [
    { id: 'c1', role: 'partner_1', email: 'a@example.com', zone: 'America/New_York', isPrimary: true },
    { id: 'c2', role: 'partner_2', email: 'b@example.com' },
    { id: 'c3', role: 'venue', email: 'v@example.com', zone: 'Asia/Tokyo' },
  ];
  const zoneOf = (step: Record<string, unknown>) =>
    line(ask({ steps: [step], contacts, client: { weddingZone: 'Europe/Rome' } }), 'a').zone;

  test.each([
    ['a message goes by the recipient', email('a', { when: wedding(-1) }), 'America/New_York'],
    ['where the recipient has none, by the wedding', email('a', { when: wedding(-1), to: 'partner_2' }), 'Europe/Rome'],
    ['one to both by the primary', email('a', { when: wedding(-1), to: 'both' }), 'America/New_York'],
    ['one to a role by the organization', email('a', { when: wedding(-1), to: 'role:venue' }), 'Europe/London'],
    ['a task by the organization', task('a', { when: wedding(-1) }), 'Europe/London'],
    [
      'a zone that was named counts first',
      task('a', { when: { ...wedding(-1), zone: 'Asia/Kolkata' } }),
      'Asia/Kolkata',
    ],
    ['also by its word', task('a', { when: { ...wedding(-1), zone: 'wedding' } }), 'Europe/Rome'],
  ])('%s', (_name, step, zone) => {
    expect(zoneOf(step)).toBe(zone);
  });
});

describe('day rule and send window', () => {
  test('go on asking each other until both are content', () => {
    const organization = {
      sendWindow: { from: '09:00', to: '18:00', days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
    };
    // Friday evening, Saturday morning by the window, Monday by the day rule.
    expect(due({ ...wedding(-8), at: '19:00', days: 'weekdays', roll: 'forward' }, { organization })).toEqual({
      dueAt: '2027-06-07T08:00:00Z',
      local: '2027-06-07T09:00',
      reason: 'rolled',
    });
  });

  test('find the common day where one goes back and the other forward for ever', () => {
    const organization = { sendWindow: { from: '09:00', to: '18:00', days: ['mon', 'tue', 'wed', 'thu'] } };
    expect(due({ ...wedding(-8), days: ['thu', 'fri'] }, { organization }).local).toBe('2027-06-10T09:00');
  });

  test('closed days and days off of the organization are not working days', () => {
    const organization = { workingDays: ['tue', 'wed', 'thu', 'fri', 'sat'], closedOn: ['2027-06-08'] };
    expect(due({ ...wedding(-6), days: 'working', roll: 'forward' }, { organization }).local).toBe('2027-06-09T09:00');
    expect(due({ ...wedding(-6), days: 'working' }, { organization }).local).toBe('2027-06-05T09:00');
  });

  test('the window asks nothing of tasks and transactional messages', () => {
    const organization = { sendWindow: { from: '09:00', to: '10:00' } };
    expect(due({ ...wedding(-1), at: '22:00' }, { organization }).reason).toBe('window');
    const steps = [
      email('a', { when: { ...wedding(-1), at: '22:00' }, purpose: 'transactional' }),
      task('b', { when: { ...wedding(-1), at: '22:00' } }),
    ];
    expect(ask({ steps, organization }).steps.map(({ reason }) => reason.code)).toEqual(['on_time', 'on_time']);
  });
});

describe('use', () => {
  test('in days it lasts until the end of the local day, in hours until the second', () => {
    const until = (usefulUntil: Record<string, number>, now: string) =>
      line(
        ask({
          steps: [email('a', { when: { anchor: 'journey_start', usefulUntil } })],
          client: { weddingZone: 'America/New_York' },
          now,
        }),
        'a',
      ).state;
    expect(until({ days: 1 }, '2026-11-22T04:59:59Z')).toBe('planned');
    expect(until({ days: 1 }, '2026-11-22T05:00:00Z')).toBe('will_skip');
    expect(until({ hours: 1 }, '2026-11-20T11:00:00Z')).toBe('planned');
    expect(until({ hours: 1 }, '2026-11-20T11:00:01Z')).toBe('will_skip');
  });

  test('of a step counted in days may end hours before the ceremony', () => {
    const steps = [email('a', { when: { ...wedding(-1), ifPast: 'send_now', usefulUntil: { hours: -3 } } })];
    const at = (now: string) => line(ask({ steps, client: { weddingTime: '14:00' }, now }), 'a').state;
    expect(at('2027-06-12T10:00:00Z')).toBe('planned');
    expect(at('2027-06-12T10:00:01Z')).toBe('will_skip');
  });

  test('of a step counted in hours may end with a day: the day of the wedding, wherever the step is timed', () => {
    const steps = [task('a', { when: { anchor: 'wedding_date', offset: { hours: 1 }, usefulUntil: { days: 0 } } })];
    const client = { weddingTime: '15:00', weddingZone: 'Pacific/Honolulu' };
    // 16:00 in Honolulu is 03:00 of the next day in London, where the day of the wedding is over.
    expect(line(ask({ steps, client }), 'a').reason.code).toBe('past_useful');
  });

  test('ends a retry that would come too late, and an approval nobody gives', () => {
    const steps = [
      email('a', {
        when: { ...wedding(-7), usefulUntil: { days: -6 } },
        approval: { deadline: { days: 5 }, fallback: 'send' },
      }),
    ];
    const dueAt = '2027-06-05T08:00:00Z';
    const ledger = [{ key: 'a', state: 'planned', dueAt, plannedAt: BOOKED }];
    const open = ask({ steps, ledger, now: '2027-06-05T10:00:00Z' });
    expect(open.next).toEqual({ kind: 'wait', until: '2027-06-06T23:00:00Z' });
    expect(line(ask({ steps, ledger, now: '2027-06-06T23:00:00Z' }), 'a').reason.code).toBe('past_useful');
    const retry = [
      { key: 'a', state: 'planned', dueAt, plannedAt: BOOKED, attempts: 3, nextAttemptAt: '2027-06-06T23:30:00Z' },
    ];
    const approvals = [{ key: 'a', decision: 'approved', at: '2027-06-05T08:00:00Z' }];
    expect(line(ask({ steps, approvals, ledger: retry, now: '2027-06-06T10:00:00Z' }), 'a').reason.code).toBe(
      'past_useful',
    );
  });
});
