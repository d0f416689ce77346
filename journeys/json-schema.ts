import { z } from 'zod';
import { Comparison, Condition } from './condition-schema.ts';
import { JourneyDefinition } from './journey-schema.ts';
import { DESCRIPTIONS } from './key-descriptions.ts';

/**
 * The definition as JSON Schema (draft 7, which every editor knows): with
 * `# yaml-language-server: $schema=journey.schema.json` on the first line of a file an editor completes, hints and marks
 * what is wrong. It says what a schema can say; references between steps are checked by `validateDefinition`.
 */
export function journeyJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(JourneyDefinition, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      if ((zodSchema as z.core.$ZodType) === Condition) Object.assign(jsonSchema, { $ref: '#/definitions/condition' });
    },
  }) as Record<string, unknown>;
  const { $schema: _, ...comparison } = z.toJSONSchema(Comparison, { target: 'draft-7', io: 'input' });
  const several = { type: 'array', minItems: 1, maxItems: 50, items: { $ref: '#/definitions/condition' } };
  const group = (key: string, value: object) => ({
    type: 'object',
    properties: { [key]: value },
    required: [key],
    additionalProperties: false,
  });
  const condition = {
    description: 'One field compared by one operator, or all, any, not of conditions.',
    anyOf: [
      comparison,
      group('all', several),
      group('any', several),
      group('not', { $ref: '#/definitions/condition' }),
    ],
  };
  const complete = {
    title: 'WedSync journey',
    description: 'What a supplier sends and does for every couple, and when.',
    ...schema,
    definitions: { ...(schema['definitions'] as object | undefined), condition },
  };
  describe(complete);
  return complete;
}

/** Adds the sentence of each key where the key is a property, so that an editor shows it. */
function describe(node: unknown): void {
  if (Array.isArray(node)) return node.forEach(describe);
  if (typeof node !== 'object' || node === null) return;
  const { properties } = node as { properties?: Record<string, object> };
  for (const [key, property] of Object.entries(properties ?? {})) {
    const description = Object.hasOwn(DESCRIPTIONS, key) ? DESCRIPTIONS[key] : undefined;
    if (description !== undefined && !('description' in property)) Object.assign(property, { description });
  }
  Object.values(node).forEach(describe);
}
