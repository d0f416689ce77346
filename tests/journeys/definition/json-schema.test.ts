import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../journeys/definition.ts';
import { journeyJsonSchema } from '../../../journeys/json-schema.ts';
import { condition, email, journey, wait } from './written.ts';

const accepts = new Ajv({ strict: false }).compile(journeyJsonSchema());

describe('the JSON Schema of a journey', () => {
  it('is the one that is kept beside the code (wedsync journeys schema > journeys/journey.schema.json)', () => {
    const kept: unknown = JSON.parse(
      readFileSync(new URL('../../../journeys/journey.schema.json', import.meta.url), 'utf8'),
    );
    expect(kept).toEqual(JSON.parse(JSON.stringify(journeyJsonSchema())));
  });

  it('accepts every kind of step, with every key that an editor should offer', () => {
    const everything = journey(
      [
        email('a', {
          to: 'both',
          approval: { ahead: { days: 1 }, deadline: { hours: 36 }, fallback: 'task' },
          ifUnknown: 'ask',
          onDateChange: 'resend',
        }),
        email('b', {
          type: 'sms',
          repeat: { every: { weeks: 1 }, times: 3, until: { not: { field: 'client.tags', has: 'x' } } },
        }),
        email('c', { type: 'whatsapp', approval: 'none', to: 'role:planner', purpose: 'marketing', onFailure: 'stop' }),
        condition('d', {
          test: {
            all: [{ any: [{ field: 'wedding.daysAway', lte: 3 }] }, { field: 'core.delivery_address', isSet: true }],
          },
        }),
        wait('e', {
          match: { form: 'menu' },
          limit: { anchor: 'wedding_date', offset: { days: -3 }, at: '09:00', days: 'working' },
        }),
        {
          key: 'f',
          type: 'task',
          title: 'Ring',
          notes: 'Now',
          assignee: 'role:sales',
          due: { hours: 8 },
          in: { step: 'e', arm: 'no' },
        },
        { key: 'g', type: 'notification', title: 'Look', body: 'Here', to: 'all' },
        { key: 'h', type: 'delay', when: { offset: { minutes: 30 } } },
        {
          key: 'i',
          type: 'webhook',
          url: 'https://example.com/hook',
          payload: { deep: [{ a: null }] },
          wait: { for: 'value', limit: { offset: { hours: 2 } } },
        },
        { key: 'j', type: 'update_client', set: { status: 'married', addTags: ['x'], custom: { a: 1 } } },
        email('k', {
          when: {
            anchor: 'payment_due:balance',
            days: ['mon'],
            roll: 'forward',
            zone: 'Europe/Rome',
            ifPast: { within: { days: 2 } },
            ifMissing: 'skip',
            usefulUntil: { days: 3 },
            whenPaid: 'send',
          },
        }),
      ],
      {
        stops: [{ on: 'client.cancelled' }, { on: 'reply', stages: ['chase'] }],
        starts: { on: ['client.booked', { on: 'form.submitted', match: { form: 'enquiry' } }], reEntry: 'per_trigger' },
      },
    );
    (everything['steps'] as Record<string, unknown>[]).push(
      email('l', { stage: 'chase', when: { anchor: 'date:tasting' } }),
    );
    accepts(everything);
    expect(accepts.errors).toBeNull();
    const parsed = parseDefinition(everything);
    expect(parsed.ok ? [] : parsed.problems).toEqual([]);
  });

  it.each([
    ['an unknown key', journey([email('a', { when: { ifpast: 'skip' } })])],
    ['two units', journey([email('a', { when: { offset: { days: 1, hours: 1 } } })])],
    ['two operators', journey([condition('a', { test: { field: 'client.tags', has: 'x', is: 'y' } })])],
    ['an unknown field', journey([condition('a', { test: { field: 'client.shoe_size', is: 1 } })])],
    ['a key with a hyphen', journey([email('two-words')])],
    ['an unknown anchor', journey([email('a', { when: { anchor: 'wedding' } })])],
    ['an unknown trigger', journey([email('a')], { starts: { on: 'client.boked' } })],
    ['no template', journey([email('a', { template: undefined })])],
  ])('refuses %s, as the parser does', (_, input) => {
    const asJson: unknown = JSON.parse(JSON.stringify(input));
    expect(accepts(asJson)).toBe(false);
    expect(parseDefinition(asJson).ok).toBe(false);
  });

  it('says what each key means', () => {
    const { when, email: step } = journeyJsonSchema()['definitions'] as Record<string, { properties: object }>;
    for (const property of [...Object.values(when?.properties ?? {}), ...Object.values(step?.properties ?? {})]) {
      expect(property).toHaveProperty('description', expect.stringMatching(/\w+/));
    }
  });
});
