import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../journeys/definition.ts';
import { parseFacts, parseLedger } from '../../../journeys/facts.ts';
import { validateDefinition } from '../../../journeys/validate.ts';
import { HOSTILE_DEFINITIONS } from './hostile-definitions.ts';
import { HOSTILE_FACTS, HOSTILE_LEDGERS } from './hostile-facts.ts';
import { condition, email, facts, journey } from './written.ts';

describe('a hostile definition', () => {
  it.each(HOSTILE_DEFINITIONS)('%s is refused without an exception', (_, build) => {
    const result = parseDefinition(build());
    expect(result.ok).toBe(false);
    expect(
      result.ok ? [] : result.problems.map(({ message }) => message.length).filter((length) => length > 2_000),
    ).toEqual([]);
  });

  it('is answered with at most fifty problems', () => {
    const result = parseDefinition(journey(Array.from({ length: 200 }, () => ({ type: 'x' }))));
    expect(result.ok ? 0 : result.problems.length).toBeLessThanOrEqual(50);
  });
});

describe('hostile facts', () => {
  it.each(HOSTILE_FACTS)('%s are refused with at most fifty problems', (_, build) => {
    const result = parseFacts(build());
    expect(result.ok ? 0 : result.problems.length).toBeGreaterThan(0);
    expect(result.ok ? 0 : result.problems.length).toBeLessThanOrEqual(50);
  });

  it.each(HOSTILE_LEDGERS)('a ledger of %s is refused with at most fifty problems', (_, build) => {
    const result = parseLedger(build());
    expect(result.ok ? 0 : result.problems.length).toBeGreaterThan(0);
    expect(result.ok ? 0 : result.problems.length).toBeLessThanOrEqual(50);
  });
});

describe('whatever comes in', () => {
  const junk = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
  });

  it('no definition throws', () => {
    fc.assert(
      fc.property(junk, (input) => void parseDefinition(input)),
      { numRuns: 300 },
    );
  });

  it('no facts and no ledger throw', () => {
    fc.assert(
      fc.property(junk, (input) => void [parseFacts(input), parseLedger(input)]),
      { numRuns: 300 },
    );
  });

  it('no definition throws that was right but for one place', () => {
    const good = journey(
      [
        email('a', { approval: { deadline: { days: 1 }, fallback: 'skip' }, repeat: { every: { days: 1 }, times: 2 } }),
        condition('b', {
          test: { all: [{ field: 'client.tags', has: 'x' }, { not: { field: 'wedding.date', isSet: true } }] },
        }),
        email('c', {
          in: { step: 'b', arm: 'no' },
          when: { anchor: 'step:a', days: ['mon'], ifPast: { within: { days: 1 } } },
        }),
      ],
      { stops: [{ on: 'client.cancelled' }], closing: [email('z', { when: { offset: { days: 1 } } })] },
    );
    const places = placesIn(good, []);
    fc.assert(
      fc.property(fc.constantFrom(...places), junk, (place, value) => {
        const result = parseDefinition(replaced(good, place, value));
        if (result.ok) validateDefinition(result.definition, {});
      }),
      { numRuns: 500 },
    );
  });

  it('no facts throw that were right but for one place', () => {
    const good = facts({
      payments: [{ id: 'p', kind: 'balance', dueOn: '2027-05-01' }],
      consents: [{ channel: 'email', purpose: 'marketing', state: 'granted' }],
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...placesIn(good, [])),
        junk,
        (place, value) => void parseFacts(replaced(good, place, value)),
      ),
      { numRuns: 500 },
    );
  });
});

function placesIn(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? replaced(item, rest, by) : item));
  return Object.fromEntries(
    Object.entries(value as object).map(([name, inner]) => [name, name === key ? replaced(inner, rest, by) : inner]),
  );
}
