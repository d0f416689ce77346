// What docs/journeys.md shows is true: its journey is valid, its story holds, and it leaves out no key of a `when`.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseDefinition } from '../../journeys/definition.ts';
import { readYaml } from '../../journeys/read-yaml.ts';
import { runStory } from '../../journeys/run-story.ts';
import { parseStory } from '../../journeys/story.ts';
import { STEP_TYPES } from '../../journeys/step-schema.ts';
import { When } from '../../journeys/when-schema.ts';

const text = readFileSync(new URL('../../docs/journeys.md', import.meta.url), 'utf8');
const [journey, story] = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, source = '']) => {
  const read = readYaml(source);
  return read.ok ? read.value : read.problems;
});

test('the journey is valid and its story holds', () => {
  const definition = parseDefinition(journey);
  const parsed = parseStory(story);
  if (!definition.ok || !parsed.ok) throw new Error(JSON.stringify([definition, parsed]));
  expect(runStory(parsed.story, definition.definition).differences).toEqual([]);
});

test('every key of a time and every type of step is explained', () => {
  const words = [...Object.keys(When.shape), ...STEP_TYPES];
  expect(words.filter((word) => !text.includes(`\`${word}\``))).toEqual([]);
});
