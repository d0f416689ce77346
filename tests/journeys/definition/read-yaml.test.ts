import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../journeys/definition.ts';
import { readYaml } from '../../../journeys/read-yaml.ts';
import { HOSTILE_FILES } from './hostile-files.ts';

describe('readYaml', () => {
  it('reads YAML 1.2: on, yes and no are words, dates and times are texts', () => {
    const result = readYaml('on: yes\narm: no\nday: 2027-06-12\nat: 09:00\nnumber: 0o17\nnothing: ~');
    expect(result.ok && result.value).toEqual({
      on: 'yes',
      arm: 'no',
      day: '2027-06-12',
      at: '09:00',
      number: 15,
      nothing: null,
    });
  });

  it('finds the line of a problem, or of what is around it', () => {
    const result = readYaml('name: x\nsteps:\n  - key: a\n    when:\n      at: "9"\n');
    if (!result.ok) throw new Error('It is YAML.');
    const at = (path: string): unknown => {
      const { line, column } = result.locate({ code: '', path, message: '' });
      return [line, column];
    };
    expect(at('steps[0].when.at')).toEqual([5, 11]);
    expect(at('steps[0].when.days')).toEqual([5, 7]);
    expect(at('steps[0].template')).toEqual([3, 5]);
    expect(at('')).toEqual([1, 1]);
  });

  it('reads aliases, as long as they are few', () => {
    const result = readYaml('at: &morning "09:00"\nlist: [*morning, *morning]');
    expect(result.ok && result.value).toEqual({ at: '09:00', list: ['09:00', '09:00'] });
  });

  it('reads JSON of any length, as programs write it', () => {
    const events = Array.from({ length: 20_000 }, (_, index) => ({ name: 'opened', at: index }));
    const result = readYaml(JSON.stringify({ events }));
    expect(result.ok && (result.value as { events: unknown[] }).events).toHaveLength(20_000);
  });

  it('reads a journey at its limits', () => {
    const starter = readFileSync(new URL('../../../journeys/starters/venue.yaml', import.meta.url), 'utf8');
    const [head = '', ...steps] = starter.split('\nclosing:')[0]?.split(/\n(?= {2}- key:)/) ?? [];
    const many = Array.from({ length: 200 }, (_, index) =>
      (steps[index % steps.length] ?? '').replace(/key: \w+/, `key: s${index}`),
    );
    expect(readYaml([head, ...many].join('\n')).ok).toBe(true);
  });
});

describe('a hostile file', () => {
  it.each(HOSTILE_FILES)('of %s is refused without an exception', (_, source) => {
    const result = readYaml(source);
    expect(result.ok && parseDefinition(result.value).ok).toBe(false);
  });
});
