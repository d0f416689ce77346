import { assert, property, anything, jsonValue } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { applyMapping } from '../../../channels/intake/apply-mapping.ts';
import { mappingSchema, type MappingValue } from '../../../channels/intake/mapping-schema.ts';
import { at, readValue } from '../../../channels/intake/mapping-value.ts';

/** A CRM's message about a deal that was won, as such tools send it. */
const DEAL = {
  event: 'deal.updated',
  deal: {
    id: 4711,
    stage: 'Closed Won',
    value: '1,450.00',
    wedding: { date: '12/06/2027', venue: 'Babington House', guests: '120' },
    labels: ['Full Day', 'VIP'],
    contact: { first: 'Niamh', last: "O'Sullivan", email: 'Niamh@Example.com', phone: '+44 7700 900123' },
  },
};
const client = { externalId: { path: '/deal/id' }, email: { path: '/deal/contact/email', as: 'lower' } };
const BOOKING = mappingSchema.parse({
  rules: [
    {
      when: [
        { path: '/event', is: 'deal.updated' },
        { path: '/deal/stage', in: ['Closed Won', 'Closed Lost'] },
      ],
      do: 'upsert_client',
      client,
      set: {
        partner1Name: { join: [{ path: '/deal/contact/first' }, { path: '/deal/contact/last' }] },
        email: { path: '/deal/contact/email', as: 'lower' },
        phone: { path: '/deal/contact/phone' },
        weddingOn: { path: '/deal/wedding/date', as: 'date', format: 'dd/mm/yyyy' },
        status: { path: '/deal/stage', map: { 'Closed Won': 'booked', 'Closed Lost': 'cancelled' } },
        venue: { path: '/deal/wedding/venue' },
        guestCount: { path: '/deal/wedding/guests', as: 'number' },
        addTags: { path: '/deal/labels', as: 'list' },
        custom: { source: { value: 'crm' }, budget: { first: [{ path: '/deal/budget' }, { path: '/deal/value' }] } },
      },
    },
    {
      when: [{ path: '/deal/stage', is: 'Closed Won' }],
      do: 'payment',
      client,
      reference: { join: [{ value: 'deal' }, { path: '/deal/id' }], with: '-' },
      kind: { value: 'deposit' },
      status: { value: 'pending' },
      amount: { path: '/deal/value', as: 'cents' },
      dueOn: { path: '/deal/depositDue', as: 'date' },
    },
  ],
});

describe('a mapping', () => {
  test('turns a CRM’s message into a client and a payment in our words', () => {
    const found = { externalId: '4711', email: 'niamh@example.com' };
    expect(applyMapping(BOOKING, DEAL)).toEqual({
      kind: 'changes',
      eventId: null,
      changes: [
        {
          do: 'upsert_client',
          client: found,
          set: {
            partner1Name: "Niamh O'Sullivan",
            email: 'niamh@example.com',
            phone: '+447700900123',
            weddingOn: '2027-06-12',
            status: 'booked',
            venue: 'Babington House',
            guestCount: 120,
            addTags: ['Full Day', 'VIP'],
            dates: {},
            custom: { source: 'crm', budget: '1,450.00' },
          },
        },
        {
          do: 'payment',
          client: found,
          payment: { reference: 'deal-4711', kind: 'deposit', status: 'pending', amount: 145_000, currency: 'GBP' },
        },
      ],
    });
  });

  test('ignores a message that none of its rules is about', () => {
    expect(applyMapping(BOOKING, { event: 'person.created' })).toEqual({ kind: 'ignored' });
  });

  test('does nothing at all where a part is not understood, and says which and why', () => {
    const bad = structuredClone(DEAL);
    bad.deal.wedding.date = '13/13/2027';
    bad.deal.contact.phone = '07700 900123';
    bad.deal.value = 'about a thousand';
    expect(applyMapping(BOOKING, bad)).toEqual({
      kind: 'problems',
      problems: [
        { rule: 1, field: 'set.weddingOn', message: '/deal/wedding/date is not a date of the form dd/mm/yyyy' },
        { rule: 1, field: 'set.phone', message: expect.stringContaining('international form') },
        { rule: 2, field: 'payment.amount', message: '/deal/value is not an amount such as 1450.00' },
      ],
    });
  });

  test('says so where a word of the sender has no word of ours', () => {
    const lost = { ...DEAL, deal: { ...DEAL.deal, stage: 'Closed Lost' } };
    expect(applyMapping(BOOKING, lost)).toMatchObject({ kind: 'changes', changes: [{ set: { status: 'cancelled' } }] });
    const words = mappingSchema.parse({
      rules: [{ do: 'upsert_client', client, set: { status: { path: '/deal/stage', map: { Lost: 'cancelled' } } } }],
    });
    expect(applyMapping(words, DEAL)).toMatchObject({
      problems: [{ message: '/deal/stage: "Closed Won" is not in the list of words' }],
    });
  });

  test('finds nobody by nothing', () => {
    const nobody = { ...DEAL, deal: { stage: 'Closed Won', value: '1.00' } };
    expect(applyMapping(BOOKING, nobody)).toMatchObject({
      kind: 'problems',
      problems: expect.arrayContaining([
        { rule: 1, field: 'client', message: expect.stringContaining('neither the id nor') },
      ]),
    });
  });

  test('makes events and form answers too', () => {
    const mapping = mappingSchema.parse({
      rules: [
        {
          do: 'event',
          client,
          name: 'tasting.booked',
          data: { menu: { path: '/menu' } },
          at: { path: '/at', as: 'instant', format: 'unix' },
        },
        { do: 'form', client, form: 'questionnaire', answers: { song: { path: '/answers/0/value' } } },
      ],
    });
    const message = { deal: { id: 1 }, menu: 'B', at: 1_795_168_800, answers: [{ value: 'At Last' }] };
    expect(applyMapping(mapping, message)).toMatchObject({
      changes: [
        { do: 'event', name: 'tasting.booked', data: { menu: 'B' }, at: '2026-11-20T10:00:00.000Z' },
        { do: 'form', form: 'questionnaire', answers: { song: 'At Last' } },
      ],
    });
  });
});

describe('a value', () => {
  const value = (source: MappingValue, message: unknown = {}) => readValue(message, source);
  test.each<[unknown, MappingValue, unknown]>([
    ['1450', { path: '/x', as: 'cents' }, 145_000],
    ['0.07', { path: '/x', as: 'cents' }, 7],
    ['1.1', { path: '/x', as: 'cents' }, 110],
    [1234.5, { path: '/x', as: 'cents' }, 123_450],
    ['12.06.2027', { path: '/x', as: 'date', format: 'dd.mm.yyyy' }, '2027-06-12'],
    ['6/12/2027', { path: '/x', as: 'date', format: 'mm/dd/yyyy' }, '2027-06-12'],
    ['2027-06-12T23:30:00-08:00', { path: '/x', as: 'date' }, '2027-06-12'],
    [1_812_758_400, { path: '/x', as: 'date', format: 'unix' }, '2027-06-12'],
    ['2027-06-12T15:00:00+01:00', { path: '/x', as: 'instant' }, '2027-06-12T14:00:00.000Z'],
    ['a, b;c|', { path: '/x', as: 'list' }, ['a', 'b', 'c']],
    ['Yes', { path: '/x', as: 'boolean' }, true],
    [0, { path: '/x', as: 'boolean' }, false],
    [' trimmed ', { path: '/x' }, 'trimmed'],
    ['', { path: '/x', as: 'number' }, undefined],
    [null, { path: '/x', as: 'date' }, undefined],
  ])('%j by %j is %j', (x, source, expected) => {
    expect(value(source, { x })).toEqual({ ok: true, value: expected });
  });

  test.each<[unknown, MappingValue]>([
    ['29/02/2027', { path: '/x', as: 'date', format: 'dd/mm/yyyy' }],
    ['12/06/2027', { path: '/x', as: 'date' }],
    ['2027-06-12T15:00:00', { path: '/x', as: 'instant' }],
    ['1e9', { path: '/x', as: 'number' }],
    ['NaN', { path: '/x', as: 'number' }],
    ['12.345', { path: '/x', as: 'cents' }],
    ['-5', { path: '/x', as: 'cents' }],
    ['£5', { path: '/x', as: 'cents' }],
    [{ a: 1 }, { path: '/x' }],
    ['perhaps', { path: '/x', as: 'boolean' }],
  ])('%j by %j is refused', (x, source) => {
    expect(value(source, { x })).toMatchObject({ ok: false, problem: expect.stringContaining('/x') });
  });

  test('is found only where the message itself has it', () => {
    for (const path of ['/constructor', '/__proto__', '/constructor/name', '/x/length']) {
      expect(at({ x: 'text' }, path)).toBeUndefined();
    }
    expect(at({ 'a/b': { '~': 1 } }, '/a~1b/~0')).toBe(1);
    expect(at([{ a: 1 }], '/0/a')).toBe(1);
  });
});

test('no message, however odd, throws or gives a change that is not checked', () => {
  assert(
    property(jsonValue(), (message) => {
      expect(['ignored', 'problems', 'changes']).toContain(applyMapping(BOOKING, message).kind);
    }),
  );
  assert(
    property(anything(), (input) => {
      expect(() => mappingSchema.safeParse(input)).not.toThrow();
    }),
  );
});

test('a mapping cannot name what it must not', () => {
  const rule = { do: 'event', client, name: 'tasting.booked' };
  const refused = [
    {},
    { rules: [] },
    { rules: [{ ...rule, name: 'Robert"); drop table' }] },
    { rules: [{ ...rule, client: {} }] },
    { rules: [{ ...rule, sql: 'select 1' }] },
    { rules: [{ ...rule, data: { 'Not A Key': { path: '/x' } } }] },
    { rules: [{ ...rule, data: { x: { path: 'no-slash' } } }] },
    { rules: Array.from({ length: 51 }, () => rule) },
  ];
  for (const mapping of refused) expect(mappingSchema.safeParse(mapping).success).toBe(false);
});
