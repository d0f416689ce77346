import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { parseDefinition, type JourneyDefinition } from '../../../journeys/definition.ts';

const FOLDER = new URL('../../../journeys/starters/', import.meta.url);

/** The starter journeys, by name. */
export function starters(): [string, JourneyDefinition][] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  return files.map((file) => {
    const result = parseDefinition(parse(readFileSync(new URL(file, FOLDER), 'utf8')));
    if (!result.ok) throw new Error(`${file}: ${JSON.stringify(result.problems)}`);
    return [file.replace('.yaml', ''), result.definition];
  });
}
