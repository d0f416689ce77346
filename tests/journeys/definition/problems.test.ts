import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../journeys/definition.ts';
import { condition, email, journey, wait } from './written.ts';

type Case = {
  readonly about: string;
  readonly input: unknown;
  readonly code: string;
  readonly path: string;
  readonly says: RegExp;
};

const when = (value: unknown): unknown => journey([email('a', { when: value })]);

const CASES: readonly Case[] = [
  // What is not known, with what was meant.
  {
    about: 'a key of `when` in the wrong case',
    input: when({ ifpast: 'skip' }),
    code: 'unknown_key',
    path: 'steps[0].when',
    says: /"ifpast" .*did you mean "ifPast"/,
  },
  {
    about: 'a key of a step with a slip',
    input: journey([email('a', { tempalte: 'x' })]),
    code: 'unknown_key',
    path: 'steps[0]',
    says: /did you mean "template"/,
  },
  {
    about: 'a key of the journey',
    input: journey([email('a')], { stop: [] }),
    code: 'unknown_key',
    path: '',
    says: /did you mean "stops"/,
  },
  {
    about: 'a key that is like nothing',
    input: journey([email('a')], { colour: 'red' }),
    code: 'unknown_key',
    path: '',
    says: /Known are schema, name, starts/,
  },
  {
    about: 'a step type',
    input: journey([{ ...email('a'), type: 'emial' }]),
    code: 'invalid_union',
    path: 'steps[0].type',
    says: /"emial".*Did you mean "email"/,
  },
  {
    about: 'a step without a type',
    input: journey([{ key: 'a' }]),
    code: 'invalid_union',
    path: 'steps[0].type',
    says: /Needs a type: one of email, sms/,
  },
  {
    about: 'a trigger',
    input: journey([email('a')], { starts: { on: 'client.boked' } }),
    code: 'invalid_union',
    path: 'starts.on',
    says: /Did you mean "client.booked"/,
  },
  {
    about: 'a field of a condition',
    input: journey([email('a', { onlyIf: { field: 'wedding.daysaway', lt: 3 } })]),
    code: 'invalid_format',
    path: 'steps[0].onlyIf.field',
    says: /Did you mean "wedding.daysAway"/,
  },
  {
    about: 'an operator',
    input: journey([email('a', { onlyIf: { field: 'client.tags', hass: 'x' } })]),
    code: 'unknown_key',
    path: 'steps[0].onlyIf',
    says: /did you mean "has"/,
  },
  {
    about: 'a zone',
    input: when({ zone: 'Europe/Londn' }),
    code: 'custom',
    path: 'steps[0].when.zone',
    says: /nor a zone of the IANA database/,
  },
  {
    about: 'a role of a recipient',
    input: journey([email('a', { to: 'planner' })]),
    code: 'invalid_format',
    path: 'steps[0].to',
    says: /role:<role>/,
  },
  // What is missing.
  {
    about: 'no steps key',
    input: { schema: 1, name: 'x', starts: { on: 'api' } },
    code: 'missing',
    path: 'steps',
    says: /a list of steps is needed/,
  },
  { about: 'no steps at all', input: journey([]), code: 'no_steps', path: 'steps', says: /Add at least one/ },
  {
    about: 'no template',
    input: journey([email('a', { template: undefined })]),
    code: 'missing',
    path: 'steps[0].template',
    says: /the name of a template is needed/,
  },
  {
    about: 'a condition without a test',
    input: journey([{ key: 'a', type: 'condition' }]),
    code: 'invalid_type',
    path: 'steps[0].test',
    says: /is not a condition/,
  },
  {
    about: 'no fallback after a deadline',
    input: journey([email('a', { approval: { deadline: { days: 1 } } })]),
    code: 'invalid_value',
    path: 'steps[0].approval.fallback',
    says: /send, skip, task/,
  },
  {
    about: 'a webhook without a target',
    input: journey([{ key: 'a', type: 'webhook' }]),
    code: 'one_target',
    path: 'steps[0]',
    says: /either an endpoint .* or a url/,
  },
  {
    about: 'an update of nothing',
    input: journey([{ key: 'a', type: 'update_client', set: {} }]),
    code: 'custom',
    path: 'steps[0].set',
    says: /Changes nothing/,
  },
  // What has the wrong form.
  {
    about: 'another schema',
    input: { ...journey([email('a')]), schema: 2 },
    code: 'invalid_value',
    path: 'schema',
    says: /Must be 1/,
  },
  {
    about: 'a key with a hyphen',
    input: journey([email('two-words')]),
    code: 'invalid_format',
    path: 'steps[0].key',
    says: /a small letter, then up to 39/,
  },
  {
    about: 'a key of 41 letters',
    input: journey([email('a'.repeat(41))]),
    code: 'invalid_format',
    path: 'steps[0].key',
    says: /up to 39/,
  },
  {
    about: 'two units',
    input: when({ offset: { days: 1, hours: 2 } }),
    code: 'one_unit',
    path: 'steps[0].when.offset',
    says: /exactly one of minutes, hours/,
  },
  {
    about: 'no unit',
    input: when({ offset: {} }),
    code: 'one_unit',
    path: 'steps[0].when.offset',
    says: /exactly one/,
  },
  {
    about: 'half a day',
    input: when({ offset: { days: 0.5 } }),
    code: 'invalid_type',
    path: 'steps[0].when.offset.days',
    says: /0.5 is not a whole number/,
  },
  {
    about: 'a thousand years',
    input: when({ offset: { days: 365_250 } }),
    code: 'too_big',
    path: 'steps[0].when.offset.days',
    says: /more than a hundred years/,
  },
  {
    about: 'a time without zero',
    input: when({ at: '9:00' }),
    code: 'invalid_format',
    path: 'steps[0].when.at',
    says: /such as "09:00"/,
  },
  {
    about: 'a time after midnight',
    input: when({ at: '24:00' }),
    code: 'invalid_format',
    path: 'steps[0].when.at',
    says: /"24:00" is not a time of day/,
  },
  {
    about: 'a day twice',
    input: when({ days: ['mon', 'mon'] }),
    code: 'custom',
    path: 'steps[0].when.days',
    says: /Names a day twice/,
  },
  {
    about: 'no day',
    input: when({ days: [] }),
    code: 'too_small',
    path: 'steps[0].when.days',
    says: /at least one day/,
  },
  {
    about: 'a deadline before the time',
    input: journey([email('a', { approval: { deadline: { days: -1 }, fallback: 'skip' } })]),
    code: 'too_small',
    path: 'steps[0].approval.deadline.days',
    says: /0 or more/,
  },
  {
    about: 'a repeat that stands still',
    input: journey([email('a', { repeat: { every: { days: 0 }, times: 2 } })]),
    code: 'too_small',
    path: 'steps[0].repeat.every.days',
    says: /1 or more/,
  },
  {
    about: 'a repeat without end',
    input: journey([email('a', { repeat: { every: { days: 1 }, times: 1_000 } })]),
    code: 'too_big',
    path: 'steps[0].repeat.times',
    says: /100 or less/,
  },
  {
    about: 'two operators',
    input: journey([email('a', { onlyIf: { field: 'wedding.daysAway', gt: 1, lt: 3 } })]),
    code: 'one_operator',
    path: 'steps[0].onlyIf',
    says: /exactly one of is, isNot/,
  },
  {
    about: 'a comparison beside a group',
    input: journey([email('a', { onlyIf: { all: [], field: 'client.tags' } })]),
    code: 'one_form',
    path: 'steps[0].onlyIf',
    says: /"all" stands alone/,
  },
  {
    about: 'an empty group',
    input: journey([email('a', { onlyIf: { any: [] } })]),
    code: 'invalid_type',
    path: 'steps[0].onlyIf.any',
    says: /1 to 50 conditions/,
  },
  {
    about: 'a date that does not exist in a condition',
    input: journey([email('a', { onlyIf: { field: 'wedding.date', before: '2027-02-30' } })]),
    code: 'custom',
    path: 'steps[0].onlyIf.before',
    says: /not in the calendar/,
  },
  {
    about: 'an address that is none',
    input: journey([{ key: 'a', type: 'webhook', url: 'file:///etc/passwd' }]),
    code: 'custom',
    path: 'steps[0].url',
    says: /not an address/,
  },
  {
    about: 'an address with a password',
    input: journey([{ key: 'a', type: 'webhook', url: 'https://me:secret@example.com/' }]),
    code: 'custom',
    path: 'steps[0].url',
    says: /not an address/,
  },
  {
    about: 'a name of 121 letters',
    input: journey([email('a', { name: 'x'.repeat(121) })]),
    code: 'too_big',
    path: 'steps[0].name',
    says: /121 characters; at most 120/,
  },
  // What cannot stand there.
  {
    about: 'ifPast on a condition',
    input: journey([condition('a', { when: { ifPast: 'skip' } })]),
    code: 'not_here',
    path: 'steps[0].when.ifPast',
    says: /a condition, delay or wait is never past/,
  },
  {
    about: 'ifPast on a delay',
    input: journey([{ key: 'a', type: 'delay', when: { offset: { days: 1 }, ifPast: 'ask' } }]),
    code: 'not_here',
    path: 'steps[0].when.ifPast',
    says: /never past/,
  },
  {
    about: 'whenPaid on a wait',
    input: journey([wait('a', { when: { whenPaid: 'send' } })]),
    code: 'not_here',
    path: 'steps[0].when.whenPaid',
    says: /Take it out/,
  },
  {
    about: 'ifPast on a limit',
    input: journey([wait('a', { limit: { offset: { days: 1 }, ifPast: 'skip' } })]),
    code: 'not_here',
    path: 'steps[0].limit.ifPast',
    says: /a limit is never past/,
  },
  {
    about: 'onDateChange with repeat',
    input: journey([email('a', { onDateChange: 'resend', repeat: { every: { days: 1 }, times: 2 } })]),
    code: 'resend_of_repeat',
    path: 'steps[0].onDateChange',
    says: /Take out "onDateChange" or "repeat"/,
  },
  // What hangs together wrongly.
  {
    about: 'a key used twice',
    input: journey([email('a'), email('a')]),
    code: 'duplicate_key',
    path: 'steps[1].key',
    says: /used by steps\[0\] too/,
  },
  {
    about: 'a key used in the closing again',
    input: journey([email('a')], { closing: [email('a', { when: undefined })] }),
    code: 'duplicate_key',
    path: 'closing[0].key',
    says: /used by steps\[0\] too/,
  },
  {
    about: 'an arm of an unknown step',
    input: journey([condition('ask'), email('a', { in: { step: 'aks', arm: 'yes' } })]),
    code: 'unknown_step',
    path: 'steps[1].in.step',
    says: /Did you mean "ask"/,
  },
  {
    about: 'an arm of a later step',
    input: journey([email('a', { in: { step: 'ask', arm: 'yes' } }), condition('ask')]),
    code: 'later_step',
    path: 'steps[0].in.step',
    says: /stands later in the list/,
  },
  {
    about: 'an arm of itself',
    input: journey([condition('a', { in: { step: 'a', arm: 'yes' } })]),
    code: 'self_reference',
    path: 'steps[0].in.step',
    says: /on itself/,
  },
  {
    about: 'an arm of a step without arms',
    input: journey([email('a', { name: 'Welcome' }), email('b', { in: { step: 'a', arm: 'yes' } })]),
    code: 'no_arms',
    path: 'steps[1].in.step',
    says: /"Welcome" has no arms/,
  },
  {
    about: 'an arm that is neither yes nor no',
    input: journey([condition('ask'), email('a', { in: { step: 'ask', arm: 'maybe' } })]),
    code: 'invalid_value',
    path: 'steps[1].in.arm',
    says: /one of yes, no/,
  },
  {
    about: 'a closing step on an arm of the journey',
    input: journey([condition('ask')], { closing: [email('a', { when: undefined, in: { step: 'ask', arm: 'no' } })] }),
    code: 'later_step',
    path: 'closing[0].in.step',
    says: /closing step can only stand on an arm of a closing step/,
  },
  {
    about: 'a time counted from an unknown step',
    input: when({ anchor: 'step:welcome' }),
    code: 'unknown_step',
    path: 'steps[0].when.anchor',
    says: /no step with the key "welcome"/,
  },
  {
    about: 'a time counted from a later step',
    input: journey([email('a', { when: { anchor: 'step:b' } }), email('b')]),
    code: 'later_step',
    path: 'steps[0].when.anchor',
    says: /move one of them/,
  },
  {
    about: 'a time counted from itself',
    input: when({ anchor: 'step:a' }),
    code: 'self_reference',
    path: 'steps[0].when.anchor',
    says: /earlier/,
  },
  {
    about: 'a limit counted from a later step',
    input: journey([wait('a', { limit: { anchor: 'step:b' } }), email('b')]),
    code: 'later_step',
    path: 'steps[0].limit.anchor',
    says: /later/,
  },
  {
    about: 'a condition about an unknown step',
    input: journey([email('a', { onlyIf: { not: { field: 'message.welcom.replied', is: true } } }), email('welcome')]),
    code: 'unknown_step',
    path: 'steps[0].onlyIf.not.field',
    says: /Did you mean "welcome"/,
  },
  {
    about: 'a stop of an unknown stage',
    input: journey([email('a', { stage: 'planning' })], { stops: [{ on: 'reply', stages: ['planing'] }] }),
    code: 'unknown_stage',
    path: 'stops[0].stages[0]',
    says: /Did you mean "planning"/,
  },
  // Times which cannot be counted.
  {
    about: 'hours from a custom date',
    input: when({ anchor: 'date:tasting', offset: { hours: -2 } }),
    code: 'elapsed_on_date',
    path: 'steps[0].when.offset',
    says: /the date "tasting" has none/,
  },
  {
    about: 'minutes from a payment',
    input: when({ anchor: 'payment_due', offset: { minutes: 5 } }),
    code: 'elapsed_on_date',
    path: 'steps[0].when.offset',
    says: /the day a payment is due has none/,
  },
  {
    about: 'a useful-until in hours from a payment',
    input: when({ anchor: 'payment_due:balance', usefulUntil: { hours: 5 } }),
    code: 'elapsed_on_date',
    path: 'steps[0].when.usefulUntil',
    says: /Use days, weeks or months/,
  },
  {
    about: 'a limit in hours from a custom date',
    input: journey([wait('a', { limit: { anchor: 'date:tasting', offset: { hours: 3 } } })]),
    code: 'elapsed_on_date',
    path: 'steps[0].limit.offset',
    says: /time of day/,
  },
  {
    about: 'too many occurrences in all',
    input: journey(
      Array.from({ length: 6 }, (_, index) => email(`s${index}`, { repeat: { every: { days: 1 }, times: 100 } })),
    ),
    code: 'too_many_occurrences',
    path: 'steps',
    says: /600 .* at most 500/,
  },
];

describe('a definition that is wrong is refused with the place, what it means and what to do', () => {
  it.each(CASES)('$about', ({ input, code, path, says }) => {
    const result = parseDefinition(input);
    expect(result.ok).toBe(false);
    const problems = result.ok ? [] : result.problems;
    expect(problems).toContainEqual({ code, path, message: expect.stringMatching(says) as string });
  });

  it('tells every problem at once, not the first only', () => {
    const result = parseDefinition(journey([email('two-words', { when: { at: '9', ifpast: 'skip' } }), { key: 'b' }]));
    expect(result.ok ? [] : result.problems.map(({ path }) => path)).toEqual([
      'steps[0].key',
      'steps[0].when.at',
      'steps[0].when',
      'steps[1].type',
    ]);
  });

  it.each([undefined, null, 3, 'text', [], true, Number.NaN])('what is no object at all: %j', (input) => {
    expect(parseDefinition(input)).toMatchObject({ ok: false, problems: [{ path: '' }] });
  });
});

describe('arms', () => {
  const nested = (levels: number): unknown[] =>
    Array.from({ length: levels + 1 }, (_, level) =>
      condition(`c${level}`, level === 0 ? {} : { in: { step: `c${level - 1}`, arm: 'yes' } }),
    );

  it('may stand ten levels deep', () => {
    expect(parseDefinition(journey(nested(10))).ok).toBe(true);
  });

  it('and no eleven', () => {
    const result = parseDefinition(journey(nested(11)));
    expect(result).toMatchObject({ ok: false, problems: [{ code: 'too_deep', path: 'steps[11].in' }] });
  });
});

describe('what contradicts the organization', () => {
  const organization = {
    workingDays: ['mon', 'tue'] as const,
    sendWindow: { from: '09:00', to: '18:00', days: ['sat'] as const },
  };
  const context = {
    organization: {
      workingDays: [...organization.workingDays],
      sendWindow: { ...organization.sendWindow, days: [...organization.sendWindow.days] },
    },
  };
  const on = (days: unknown, more = {}): unknown =>
    journey([email('a', { when: { anchor: 'wedding_date', days }, ...more })]);

  it.each([['working'], ['weekdays'], [['sun']]])('days %j and a window on Saturdays have no day in common', (days) => {
    expect(parseDefinition(on(days), context)).toMatchObject({
      ok: false,
      problems: [{ code: 'no_common_day', path: 'steps[0].when.days' }],
    });
  });

  it('one day in common is enough', () => {
    expect(parseDefinition(on(['fri', 'sat']), context).ok).toBe(true);
  });

  it('the window is no matter for transactional messages and for tasks', () => {
    expect(parseDefinition(on('working', { purpose: 'transactional' }), context).ok).toBe(true);
    const task = { key: 'a', type: 'task', title: 'Ring', when: { anchor: 'wedding_date', days: 'working' } };
    expect(parseDefinition(journey([task]), context).ok).toBe(true);
  });

  it('a window that ends before it begins', () => {
    const upside = {
      organization: { ...context.organization, sendWindow: { from: '18:00', to: '09:00', days: ['mon' as const] } },
    };
    expect(parseDefinition(on('any'), upside)).toMatchObject({ ok: false, problems: [{ code: 'window_empty' }] });
  });

  it('templates and endpoints that are not there, or for another channel', () => {
    const there = { templates: new Map([['welcome', ['email'] as const]]), endpoints: new Set(['kitchen']) };
    const steps = [
      email('a', { template: 'welcom' }),
      email('b', { type: 'sms', template: 'welcome' }),
      email('c', { template: 'welcome' }),
      { key: 'd', type: 'webhook', endpoint: 'kitchn' },
      { key: 'e', type: 'webhook', endpoint: 'kitchen' },
    ];
    const result = parseDefinition(journey(steps), there);
    expect(result.ok ? [] : result.problems).toEqual([
      {
        code: 'unknown_template',
        path: 'steps[0].template',
        message: expect.stringContaining('Did you mean "welcome"?') as string,
      },
      {
        code: 'template_channel',
        path: 'steps[1].template',
        message: expect.stringContaining('written for email') as string,
      },
      {
        code: 'unknown_endpoint',
        path: 'steps[3].endpoint',
        message: expect.stringContaining('Did you mean "kitchen"?') as string,
      },
    ]);
  });
});
