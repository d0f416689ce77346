import { describe, expect, it } from 'vitest';
import { diffVersions } from '../../../journeys/diff-versions.ts';
import { journeyOf, onDay } from './couple.ts';

const texts = (before: ReturnType<typeof journeyOf>, after: ReturnType<typeof journeyOf>): string[] =>
  diffVersions(before, after).steps.map(({ kind, text }) => `${kind}: ${text}`);

describe('diffVersions', () => {
  it('finds nothing between equal versions, whatever the order of keys', () => {
    const step = onDay('a', -7, { purpose: 'service' });
    const turned = Object.fromEntries(Object.entries(step).toReversed());
    expect(diffVersions(journeyOf([step]), journeyOf([turned]))).toEqual({
      same: true,
      journey: [],
      steps: [],
      reordered: [],
    });
  });

  it('says in words what is new, taken out and moved', () => {
    const before = journeyOf([onDay('a', -90), onDay('b', -30)]);
    const after = journeyOf([onDay('a', -75, { when: { days: 'working' } }), onDay('c', -1)]);
    expect(texts(before, after)).toEqual([
      'changed: "A": moved from 90 days before the wedding at 09:00 to 75 days before the wedding at 09:00, on working days.',
      'added: "C" is new: 1 day before the wedding at 09:00.',
      'removed: "B" is taken out.',
    ]);
  });

  it('goes by the key: another name is the same step, another key is another step', () => {
    const before = journeyOf([onDay('a', -7)]);
    expect(texts(before, journeyOf([onDay('a', -7, { name: 'Hello' })]))).toEqual([
      'changed: "Hello": name changed from "A" to "Hello".',
    ]);
    expect(diffVersions(before, journeyOf([onDay('b', -7)])).steps.map(({ kind }) => kind)).toEqual([
      'added',
      'removed',
    ]);
  });

  it('tells a changed rule from a changed time', () => {
    const before = journeyOf([onDay('a', -7)]);
    expect(texts(before, journeyOf([onDay('a', -7, { when: { ifPast: 'send_now' } })]))).toEqual([
      'changed: "A": ifPast changed from nothing to "send_now".',
    ]);
  });

  it('keeps what was and what is, for machines', () => {
    const [step] = diffVersions(journeyOf([onDay('a', -7)]), journeyOf([onDay('a', -7, { template: 'new' })])).steps;
    expect(step?.changes).toEqual([
      { path: 'template', before: 'a', after: 'new', text: 'template changed from "a" to "new"' },
    ]);
  });

  it('names the fewest steps that must have been moved in the list', () => {
    const [a, b, c, d] = [onDay('a', -9), onDay('b', -8), onDay('c', -7), onDay('d', -6)];
    expect(diffVersions(journeyOf([a, b, c, d]), journeyOf([d, a, b, c]))).toMatchObject({
      same: false,
      steps: [],
      reordered: ['d'],
    });
    // A step that came in between moves nobody.
    expect(diffVersions(journeyOf([a, c]), journeyOf([a, b, c])).reordered).toEqual([]);
  });

  it('sees starts, stops, name and closing', () => {
    const before = journeyOf([onDay('a', -7)]);
    const after = journeyOf([onDay('a', -7)], {
      name: 'New',
      starts: { on: 'manual' },
      stops: [{ on: 'reply' }],
      closing: [{ key: 'z', type: 'task', title: 'Ring' }],
    });
    const diff = diffVersions(before, after);
    expect(diff.journey.map(({ path }) => path)).toEqual(['name', 'starts', 'stops']);
    expect(diff.steps).toMatchObject([{ key: 'z', kind: 'added', list: 'closing' }]);
  });

  it('sees a step that went to the closing', () => {
    const before = journeyOf([onDay('a', -7), { key: 'z', type: 'task', title: 'Ring' }]);
    const after = journeyOf([onDay('a', -7)], { closing: [{ key: 'z', type: 'task', title: 'Ring' }] });
    expect(texts(before, after)).toEqual(['changed: "z": moved to the closing.']);
  });
});
