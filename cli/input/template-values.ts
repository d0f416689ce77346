import { z } from 'zod';
import { readPart } from './read-parts.ts';
import { OperatorError } from '../operator-error.ts';

/** The values for a template from a YAML or JSON file. Throws `OperatorError` where there are none. */
export async function readValues(file: string): Promise<Record<string, unknown>> {
  const result = await readPart(file, (value) => {
    const parsed = z.record(z.string(), z.unknown()).safeParse(value);
    if (parsed.success) return { ok: true, value: parsed.data };
    return {
      ok: false,
      problems: [
        { code: 'invalid', path: '', message: 'The file must hold names and values, such as "client: {...}".' },
      ],
    };
  });
  if (result.ok) return result.value;
  throw new OperatorError(`${file}: ${result.problems.map((problem) => problem.message).join(' ')}`);
}
