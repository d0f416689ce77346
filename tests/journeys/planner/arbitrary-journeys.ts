// Journeys, couples and moments such as nobody would think of.
import * as fc from 'fast-check';
import { parseDefinition, type JourneyDefinition } from '../../../journeys/definition.ts';
import { parseFacts, parseLedger, STEP_STATES, type Facts, type Ledger } from '../../../journeys/facts.ts';
import { findErrors } from '../../../journeys/validate.ts';

const ZONES = [
  'Europe/London',
  'America/New_York',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Asia/Kathmandu',
  'America/St_Johns',
];
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const zone = fc.constantFrom(...ZONES);
const wallTime = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
const date = fc
  .date({ min: new Date('2026-01-01'), max: new Date('2029-12-31'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10));
const instant = fc
  .date({ min: new Date('2026-01-01'), max: new Date('2028-06-30'), noInvalidDate: true })
  .map((day) => `${day.toISOString().slice(0, 19)}Z`);

const calendarOffset = fc.oneof(
  fc.record({ days: fc.integer({ min: -400, max: 400 }) }),
  fc.record({ weeks: fc.integer({ min: -60, max: 60 }) }),
  fc.record({ months: fc.integer({ min: -14, max: 14 }) }),
);
const elapsedOffset = fc.oneof(
  fc.record({ hours: fc.integer({ min: -200, max: 2_000 }) }),
  fc.record({ minutes: fc.integer({ min: -500, max: 50_000 }) }),
);
const dayRule = fc.oneof(
  fc.constantFrom('any', 'weekdays', 'working'),
  fc.uniqueArray(fc.constantFrom(...DAYS), { minLength: 3, maxLength: 7 }),
);

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const when = (anchors: readonly string[], elapsed: boolean) =>
  fc
    .record({
      anchor: optional(fc.constantFrom(...anchors)),
      offset: optional(elapsed ? fc.oneof(calendarOffset, elapsedOffset) : calendarOffset),
      at: optional(wallTime),
      days: optional(dayRule),
      roll: optional(fc.constantFrom('forward', 'backward')),
      zone: optional(fc.oneof(zone, fc.constantFrom('wedding', 'recipient', 'organization'))),
    })
    .map(compact);

const lateRules = fc
  .record({
    ifPast: optional(
      fc.oneof(
        fc.constantFrom('skip', 'send_now', 'latest', 'ask'),
        fc.record({ within: fc.record({ days: fc.integer({ min: 0, max: 90 }) }) }),
      ),
    ),
    ifMissing: optional(fc.constantFrom('wait', 'skip')),
    usefulUntil: optional(fc.record({ days: fc.integer({ min: -100, max: 300 }) })),
  })
  .map(compact);

const condition = fc.constantFrom(
  { field: 'client.tags', has: 'album' },
  { not: { field: 'form.menu.status', is: 'submitted' } },
  { field: 'wedding.daysAway', gt: 30 },
  {
    any: [
      { field: 'client.custom.nothing', isSet: true },
      { field: 'payment.balance.status', is: 'succeeded' },
    ],
  },
);

const duration = fc.oneof(
  fc.record({ days: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ weeks: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ months: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ hours: fc.integer({ min: 1, max: 300 }) }),
);

const DATED = ['wedding_date', 'payment_due:balance', 'payment_due', 'date:tasting'];
const STARTING = ['previous_step', 'journey_start', 'event:gallery.delivered'];

/** One step; `earlier` are the keys before it, `forks` those of conditions and waits. */
function step(
  key: string,
  earlier: readonly string[],
  forks: readonly string[],
): fc.Arbitrary<Record<string, unknown>> {
  const steps = earlier.map((one) => `step:${one}`);
  const timed = fc.oneof(when(DATED, false), when([...STARTING, ...steps], true));
  const common = fc
    .record({
      in:
        forks.length === 0
          ? fc.constant(undefined)
          : optional(fc.record({ step: fc.constantFrom(...forks), arm: fc.constantFrom('yes', 'no') })),
      onlyIf: optional(condition),
      stage: optional(fc.constantFrom('planning', 'chase')),
    })
    .map(compact);
  const repeat = fc
    .record({ every: duration, times: fc.integer({ min: 1, max: 5 }), until: optional(condition) })
    .map(compact);
  const approval = fc
    .record({ ahead: optional(duration), deadline: duration, fallback: fc.constantFrom('send', 'skip', 'task') })
    .map(compact);
  const message = fc
    .record({
      type: fc.constantFrom('email', 'sms', 'whatsapp'),
      template: fc.constant('t'),
      to: optional(fc.constantFrom('primary', 'partner_2', 'both', 'role:venue')),
      purpose: optional(fc.constantFrom('transactional', 'service', 'marketing')),
      approval: optional(approval),
      again: fc.oneof(fc.constant({}), fc.record({ repeat }), fc.constant({ onDateChange: 'resend' })),
    })
    .map(({ again, ...rest }) => ({ ...compact(rest), ...again }));
  const effect = fc.oneof(
    message,
    message,
    fc.constant({ type: 'task', title: 'Do it' }),
    fc.constant({ type: 'update_client', set: { addTags: ['album'] } }),
  );
  const control = fc.oneof(
    fc.constant({ type: 'delay' }),
    fc.constant({ type: 'condition', test: { field: 'client.tags', has: 'album' } }),
    fc
      .record({
        type: fc.constant('wait_for'),
        event: fc.constantFrom('form.submitted', 'signed'),
        limit: optional(fc.record({ offset: duration })),
      })
      .map(compact),
  );
  return fc.oneof(
    fc
      .tuple(effect, common, timed, lateRules)
      .map(([what, shared, time, late]) => ({ key, ...what, ...shared, when: { ...time, ...late } })),
    fc.tuple(control, common, timed).map(([what, shared, time]) => ({ key, ...what, ...shared, when: time })),
  );
}

/** Valid definitions of up to a dozen steps. */
export const definitions: fc.Arbitrary<JourneyDefinition> = fc
  .integer({ min: 1, max: 12 })
  .chain((count) => {
    let steps: fc.Arbitrary<Record<string, unknown>[]> = fc.constant([]);
    for (let index = 0; index < count; index++) {
      steps = steps.chain((before) => {
        const keys = before.map((one) => String(one['key']));
        const forks = before
          .filter((one) => one['type'] === 'condition' || one['type'] === 'wait_for')
          .map((one) => String(one['key']));
        return step(`s${index}`, keys, forks).map((next) => [...before, next]);
      });
    }
    return steps;
  })
  .map((steps) => parseDefinition({ schema: 1, name: 'Any', starts: { on: 'client.booked' }, steps }))
  .filter((result) => result.ok && findErrors(result.definition, {}).length === 0)
  .map((result) => {
    if (!result.ok) throw new Error('Filtered above.');
    return result.definition;
  });

/** Couples in any state, with an execution that began at some moment. */
export const couples: fc.Arbitrary<Facts> = fc
  .record({
    organization: fc.record({
      zone,
      defaultTime: wallTime,
      dailyCap: fc.integer({ min: 1, max: 3 }),
      sendWindow: fc.option(
        fc.constantFrom(
          { from: '08:00', to: '20:00', days: [...DAYS] },
          { from: '09:30', to: '12:00', days: ['mon', 'tue', 'wed', 'thu', 'fri'] },
        ),
      ),
      closedOn: fc.uniqueArray(date, { maxLength: 5 }),
      holdWhenPostponed: fc.boolean(),
    }),
    client: fc.record({
      weddingOn: fc.option(date),
      weddingTime: fc.option(wallTime),
      weddingZone: fc.option(zone),
      weddingChangedAt: optional(instant),
      postponed: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
      tags: fc.subarray(['album', 'full_day']),
      dates: fc.record({ tasting: fc.option(date) }),
    }),
    execution: fc.record({ startedAt: instant }),
    payments: fc.array(
      fc.record({
        id: fc.uuid(),
        kind: fc.constantFrom('deposit', 'balance'),
        dueOn: fc.option(date),
        status: fc.constantFrom('pending', 'succeeded', 'refunded'),
      }),
      { maxLength: 3 },
    ),
    contacts: optional(
      fc.constant([
        { id: 'c1', role: 'partner_1', email: 'a@example.com', phone: '+447700900123', isPrimary: true },
        { id: 'c2', role: 'partner_2', email: 'b@example.com', zone: 'America/New_York' },
        { id: 'c3', role: 'venue', email: 'v@example.com' },
      ]),
    ),
    consents: fc.subarray([
      { channel: 'email', purpose: 'marketing', state: 'granted' },
      { channel: 'sms', purpose: 'service', state: 'withdrawn' },
    ]),
  })
  .map((input) => {
    const result = parseFacts(compact(input));
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return result.facts;
  });

export const moments = instant;

/** Ledgers with anything in them, also what no worker would have written. */
export const ledgers: fc.Arbitrary<Ledger> = fc
  .array(
    fc
      .record({
        key: fc.integer({ min: 0, max: 12 }).map((index) => `s${index}`),
        occurrence: fc.integer({ min: 1, max: 7 }),
        state: fc.constantFrom(...STEP_STATES),
        dueAt: fc.option(instant),
        plannedAt: fc.option(instant),
        endedAt: optional(instant),
        outcome: optional(fc.constantFrom('yes', 'no', 'sent', '')),
        attempts: optional(fc.integer({ min: 0, max: 9 })),
        nextAttemptAt: optional(instant),
        reason: optional(fc.record({ code: fc.constantFrom('caught_up', 'past', 'stage_ended', 'nonsense') })),
      })
      .map(compact)
      .filter((row) => row.outcome !== ''),
    { maxLength: 20 },
  )
  .map((steps) => {
    const result = parseLedger({ steps });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return result.ledger;
  });

/** What can be the matter with an execution besides. */
export const troubles = fc
  .record({
    stoppedAt: optional(instant),
    holds: fc.array(fc.record({ scope: fc.constantFrom('organization', 'client', 'execution'), since: instant }), {
      maxLength: 2,
    }),
    endedStages: fc.array(fc.record({ stage: fc.constantFrom('planning', 'chase'), at: instant }), { maxLength: 2 }),
    resumed: optional(fc.record({ at: instant, since: instant, late: fc.constantFrom('send', 'skip', 'ask') })),
  })
  .map(compact);

export type Trouble = typeof troubles extends fc.Arbitrary<infer T> ? T : never;

/** Without the keys that are undefined, as a file would be written. */
function compact<T extends Record<string, unknown>>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}
