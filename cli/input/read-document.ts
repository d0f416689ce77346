import { readFile, stat } from 'node:fs/promises';
import { readYaml, type YamlResult } from '../../journeys/read-yaml.ts';
import { OperatorError } from '../operator-error.ts';

/** Nothing that is asked about here is larger; whoever names a film by mistake need not wait for it. */
const MAX_BYTES = 16_000_000;

/**
 * Reads a YAML or JSON file. What cannot be read at all (no such file, a folder) is the caller's to mend and thrown as
 * `OperatorError`; what is wrong inside comes back as problems with line and column.
 */
export async function readDocument(path: string): Promise<YamlResult> {
  return readYaml(await readText(path));
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new OperatorError(`${path} has ${size} bytes: too large. Is it the right file?`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(`cannot read ${path}: ${whyNot(error as NodeJS.ErrnoException)}. Check the path.`);
  }
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return code === 'EACCES' ? 'reading it is not allowed' : message;
}
