// Stories from booking to end: everything that must go out goes out to the minute, and nothing else does.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseDefinition } from '../../../journeys/definition.ts';
import { runStory } from '../../../journeys/run-story.ts';
import { parseStory, type Story } from '../../../journeys/story.ts';

const STORIES = new URL('../../fixtures/scenarios/', import.meta.url);
const MORE_STORIES = new URL('../../fixtures/scenarios-more/', import.meta.url);
const STARTERS = new URL('../../../journeys/starters/', import.meta.url);

describe.each([
  ['stories', STORIES],
  ['more stories', MORE_STORIES],
])('%s', (_name, folder) => {
  test.each(readdirSync(folder))('%s', (file) => {
    const story = readStory(file, folder);
    const { differences, out } = runStory(story, readJourney(story.journey));
    expect(differences).toEqual([]);
    expect(out).not.toHaveLength(0);
  });
});

describe('a story that does not hold', () => {
  const story = readStory('01-photographer-all-in-order.yaml');
  const journey = readJourney(story.journey);
  const [first, ...others] = story.expect.out;
  if (!first) throw new Error('The story expects nothing.');
  const differencesOf = (out: Story['expect']['out'], not: Story['expect']['not'] = []) =>
    runStory({ ...story, expect: { ...story.expect, out, not } }, journey).differences;

  test('names what went out and was not expected', () => {
    expect(differencesOf(others)).toEqual([
      expect.objectContaining({ kind: 'unexpected', step: 'welcome', occurrence: 1 }),
    ]);
  });

  test('names what should have gone out and did not', () => {
    const [missing] = differencesOf([...story.expect.out, { ...first, occurrence: 2 }]);
    expect(missing?.message).toBe('"welcome" (occurrence 2) should have gone out on 2026-11-23 at 15:05, but did not.');
  });

  test('tells another minute, another type and another recipient apart', () => {
    const wrong = { ...first, at: '2026-11-23T15:06:00Z', type: 'sms' as const, to: ['partner_1'] };
    expect(differencesOf([wrong, ...others]).map(({ message }) => message)).toEqual([
      '"welcome": the time is 2026-11-23 at 15:05, expected 2026-11-23 at 15:06.',
      '"welcome": the type is email, expected sms.',
      '"welcome": the recipient is partner_1 and partner_2, expected partner_1.',
    ]);
  });

  test('names what must not go out and did, and what stayed away for another reason', () => {
    const not = [
      { step: 'welcome', occurrence: null, reasons: [], why: null },
      { step: 'remind', occurrence: 1, reasons: ['suppressed'], why: null },
    ];
    expect(differencesOf(story.expect.out, not).map(({ message }) => message)).toEqual([
      '"welcome" must not go out, but went on 2026-11-23 at 15:05.',
      '"remind" did not go out because of other_arm (not_taken), expected suppressed.',
    ]);
  });
});

describe('a story that cannot be read', () => {
  test.each([
    ['no title', { journey: 'x', zone: 'Europe/London', start: {}, expect: {} }, 'title'],
    ['an unknown zone', { ...minimal(), zone: 'Europe/Londn' }, 'zone'],
    ['a time that does not exist', { ...minimal(), script: [{ at: '2027-02-30T10:00', do: 'reply' }] }, 'script[0].at'],
    [
      'an unknown type of step',
      { ...minimal(), expect: { out: [{ at: '2027-02-20T10:00', step: 'a', type: 'fax' }] } },
      'expect.out[0].type',
    ],
  ])('%s is told with its place', (_name, input, path) => {
    const result = parseStory(input);
    expect(result.ok).toBe(false);
    expect(result.ok ? [] : result.problems.map((problem) => problem.path)).toContain(path);
  });
});

function minimal() {
  return {
    title: 'x',
    journey: 'x',
    zone: 'Europe/London',
    start: { event: 'client.booked', at: '2027-01-01T10:00' },
    expect: {},
  };
}

function readStory(file: string, folder = STORIES): Story {
  const result = parseStory(parse(readFileSync(new URL(file, folder), 'utf8')));
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.story;
}

function readJourney(name: string) {
  const result = parseDefinition(parse(readFileSync(new URL(`${name}.yaml`, STARTERS), 'utf8')));
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.definition;
}
