import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../journeys/definition.ts';
import type { ValidationContext } from '../../../journeys/examined.ts';
import { validateDefinition } from '../../../journeys/validate.ts';
import { condition, email, journey, wait } from './written.ts';

function warnings(input: unknown, context: ValidationContext = {}): string[] {
  const parsed = parseDefinition(input, context);
  expect(parsed.ok ? [] : parsed.problems).toEqual([]);
  if (!parsed.ok) return [];
  const { errors, warnings: found } = validateDefinition(parsed.definition, context);
  expect(errors).toEqual([]);
  return found.map(({ code, path }) => `${code} ${path}`);
}

const on = (key: string, arm: 'yes' | 'no', more = {}): unknown => email(key, { in: { step: 'ask', arm }, ...more });

describe('a step that can never run', () => {
  it('hangs on both arms of the same question', () => {
    const steps = [
      condition('ask'),
      on('a', 'yes'),
      on('b', 'no', { when: { anchor: 'step:a', offset: { days: 1 } } }),
    ];
    expect(warnings(journey(steps))).toEqual(['never_runs steps[2]']);
  });

  it('hangs on both arms through others', () => {
    const steps = [
      condition('ask'),
      condition('inner', { in: { step: 'ask', arm: 'yes' } }),
      email('a', { in: { step: 'inner', arm: 'no' }, when: { anchor: 'step:b' } }),
    ];
    steps.splice(1, 0, on('b', 'no') as (typeof steps)[number]);
    expect(warnings(journey(steps))).toEqual(['never_runs steps[3]']);
  });

  it('stands on the no of a wait without a limit', () => {
    const steps = [wait('w', { limit: undefined }), email('a', { in: { step: 'w', arm: 'no' } })];
    expect(warnings(journey(steps))).toEqual(['never_runs steps[1].in']);
  });

  it('is due after the end of its use', () => {
    const due = (offset: unknown, usefulUntil: unknown): string[] =>
      warnings(journey([email('a', { when: { anchor: 'wedding_date', offset, usefulUntil } })]));
    expect(due({ days: -7 }, { days: -14 })).toEqual(['useful_until_before_due steps[0].when.usefulUntil']);
    expect(due({ months: -1 }, { days: -40 })).toEqual(['useful_until_before_due steps[0].when.usefulUntil']);
    expect(due({ hours: 3 }, { hours: 1 })).toEqual(['useful_until_before_due steps[0].when.usefulUntil']);
    // On the day itself is not too late, and a month may be as long as thirty-one days.
    expect(due({ days: -7 }, { days: -7 })).toEqual([]);
    expect(due({ months: -1 }, { days: -31 })).toEqual([]);
  });

  it('but not when its day may roll back far enough', () => {
    const when = { anchor: 'wedding_date', offset: { days: -7 }, days: ['mon'], usefulUntil: { days: -10 } };
    expect(warnings(journey([email('a', { when })]))).toEqual([]);
  });
});

describe('two messages in the same minute', () => {
  it('of the same time', () => {
    expect(warnings(journey([email('a'), email('b')]))).toEqual(['same_minute steps[1].when']);
  });

  it('of the same time in other units', () => {
    const weeks = { anchor: 'wedding_date', offset: { weeks: -1 }, at: '09:00' };
    expect(warnings(journey([email('a'), email('b', { when: weeks })]))).toEqual(['same_minute steps[1].when']);
  });

  it('one right after the other', () => {
    expect(warnings(journey([email('a'), email('b', { when: { anchor: 'step:a' } })]))).toEqual([
      'same_minute steps[1].when',
    ]);
    expect(warnings(journey([email('a'), email('b', { when: undefined })]))).toEqual(['same_minute steps[1].when']);
  });

  it('not on two arms of one question, to two people, under a condition, or a task beside a message', () => {
    expect(warnings(journey([condition('ask'), on('a', 'yes'), on('b', 'no')]))).toEqual([]);
    expect(warnings(journey([email('a', { to: 'partner_1' }), email('b', { to: 'partner_2' })]))).toEqual([]);
    expect(warnings(journey([email('a', { to: 'role:planner' }), email('b')]))).toEqual([]);
    expect(warnings(journey([email('a', { onlyIf: { field: 'client.tags', has: 'x' } }), email('b')]))).toEqual([]);
    const { template: _, ...task } = email('b', { type: 'task', title: 'Ring' });
    expect(warnings(journey([email('a'), task]))).toEqual([]);
  });
});

describe('what has no effect', () => {
  it.each([
    ['purpose of a task', { key: 'a', type: 'task', title: 'Ring', purpose: 'service' }, 'steps[0].purpose'],
    ['roll without days', email('a', { when: { anchor: 'wedding_date', roll: 'forward' } }), 'steps[0].when.roll'],
    [
      'whenPaid without a payment',
      email('a', { when: { anchor: 'wedding_date', whenPaid: 'send' } }),
      'steps[0].when.whenPaid',
    ],
    ['a repeated question', condition('a', { repeat: { every: { days: 1 }, times: 2 } }), 'steps[0].repeat'],
    ['once in all', email('a', { repeat: { every: { days: 1 }, times: 1 } }), 'steps[0].repeat.times'],
    [
      'a date that never moves',
      email('a', { when: { anchor: 'journey_start' }, onDateChange: 'resend' }),
      'steps[0].onDateChange',
    ],
    [
      'the use of a limit',
      wait('a', { limit: { offset: { days: 1 }, usefulUntil: { days: 2 } } }),
      'steps[0].limit.usefulUntil',
    ],
  ])('%s', (_, step, path) => {
    expect(warnings(journey([step]))).toEqual([`no_effect ${path}`]);
  });
});

describe('what the organization knows', () => {
  const marketing = journey([email('a', { purpose: 'marketing' })]);

  it('marketing on a channel for which nobody is asked', () => {
    expect(warnings(marketing, { marketingConsent: ['sms'] })).toEqual(['no_consent_basis steps[0].purpose']);
    expect(warnings(marketing, { marketingConsent: ['email'] })).toEqual([]);
    expect(warnings(marketing)).toEqual([]);
  });

  it('a date that couples do not have', () => {
    const tasting = journey([email('a', { when: { anchor: 'date:tastng' } })]);
    expect(warnings(tasting, { customDates: new Set(['tasting']) })).toEqual(['unknown_date steps[0].when.anchor']);
  });

  it('a time outside the send window, unless the message is transactional', () => {
    const organization = { workingDays: [], sendWindow: { from: '10:00', to: '18:00', days: ['mon' as const] } };
    expect(warnings(journey([email('a')]), { organization })).toEqual(['outside_window steps[0].when.at']);
    expect(warnings(journey([email('a', { purpose: 'transactional' })]), { organization })).toEqual([]);
  });

  it('an address that is not encrypted', () => {
    const hook = { key: 'a', type: 'webhook', url: 'http://example.com/hook' };
    expect(warnings(journey([hook]))).toEqual(['insecure_address steps[0].url']);
  });

  it('a channel that is not set up is an error', () => {
    expect(parseDefinition(journey([email('a')]), { channels: ['sms'] })).toMatchObject({
      ok: false,
      problems: [{ code: 'channel_not_ready', path: 'steps[0].type' }],
    });
  });
});

describe('details and fields', () => {
  it('a detail that the event does not carry', () => {
    const stops = [{ on: 'client.status', match: { staus: 'archived' } }];
    expect(warnings(journey([email('a')], { stops }))).toEqual(['unknown_detail stops[0].match.staus']);
    const starts = { on: ['client.booked', { on: 'form.submitted', match: { from: 'x' } }] };
    expect(warnings(journey([email('a')], { starts }))).toEqual(['unknown_detail starts.on[1].match.from']);
    expect(warnings(journey([wait('a', { match: { form: 'menu' } })]))).toEqual([]);
  });

  it('a reply to a message that is not in this journey', () => {
    const stops = [{ on: 'reply', match: { message: 'gone' } }];
    expect(warnings(journey([email('a')], { stops }))).toEqual(['unknown_step stops[0].match.message']);
  });

  it('the status of a message that is none', () => {
    const steps = [condition('ask'), email('a', { onlyIf: { field: 'message.ask.replied', is: true } })];
    expect(warnings(journey(steps))).toEqual(['not_a_message steps[1].onlyIf.field']);
  });
});
