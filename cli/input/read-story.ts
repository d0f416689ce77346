import { existsSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import type { JourneyDefinition } from '../../journeys/definition.ts';
import { parseStory, type Story } from '../../journeys/story.ts';
import { OperatorError } from '../operator-error.ts';
import { readJourney, readPart, type PartResult } from './read-parts.ts';

export type StoryWithJourney = { readonly story: Story; readonly definition: JourneyDefinition };

/**
 * A story and the journey it names: a name in `folder` (by default `journeys/` beside the story's folder), or a path
 * from the story's folder. Throws `OperatorError` where a file is not there.
 */
export async function readStory(file: string, folder: string | undefined): Promise<PartResult<StoryWithJourney>> {
  const story = await readPart(file, (value) => {
    const parsed = parseStory(value);
    return parsed.ok ? { ok: true, value: parsed.story } : parsed;
  });
  if (!story.ok) return story;
  const path = journeyPath(file, story.value.journey, folder);
  const journey = await readJourney(path, { organization: story.value.facts.organization });
  return journey.ok ? { ok: true, value: { story: story.value, definition: journey.value } } : journey;
}

function journeyPath(file: string, journey: string, folder: string | undefined): string {
  const beside = dirname(resolve(file));
  if (journey.includes('/') || extname(journey) !== '') return resolve(beside, journey);
  const where = folder === undefined ? resolve(beside, '../journeys') : resolve(folder);
  const found = ['.yaml', '.yml', '.json'].map((extension) => join(where, journey + extension)).find(existsSync);
  if (found !== undefined) return found;
  throw new OperatorError(
    `${file} tells of the journey "${journey}", but ${where} has no ${journey}.yaml. Say where it is with --journeys <folder>.`,
  );
}
