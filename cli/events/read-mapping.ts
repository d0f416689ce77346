import { readFile } from 'node:fs/promises';

import { z } from 'zod';

import { mappingSchema } from '../../channels/intake/mapping-schema.ts';
import { readYaml } from '../../journeys/read-yaml.ts';
import { OperatorError } from '../operator-error.ts';

/** A mapping from a file. @throws OperatorError which says what is wrong */
export async function readMapping(path: string) {
  const yaml = readYaml(await read(path));
  if (!yaml.ok) throw new OperatorError(`${path}: ${yaml.problems.map(({ message }) => message).join(' ')}`);
  const parsed = mappingSchema.safeParse(yaml.value);
  if (!parsed.success) throw new OperatorError(`${path} is no mapping:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** A message from a file of JSON. @throws OperatorError which says what is wrong */
export async function readMessage(path: string): Promise<unknown> {
  const text = await read(path);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new OperatorError(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new OperatorError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  });
}
