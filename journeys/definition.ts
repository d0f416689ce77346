// The way in: everything outside `journeys/` reads definitions and their types from here.
import { refuseOversized } from './input-limits.ts';
import { JourneyDefinition, MAX_CLOSING, MAX_STEPS } from './journey-schema.ts';
import { problemsOf, type Problem } from './problem.ts';
import type { ValidationContext } from './examined.ts';
import { findErrors } from './validate.ts';
import { plainly } from './words.ts';

export type { JourneyDefinition } from './journey-schema.ts';
export type { Comparison, Condition } from './condition-schema.ts';
export type {
  Limit,
  Match,
  MessageStep,
  Repeat,
  Step,
  StepType,
  UpdateClientStep,
  WaitForStep,
  WebhookStep,
} from './step-schema.ts';
export { isMessage } from './step-schema.ts';
export type { Offset, Weekday, When } from './when-schema.ts';

export type DefinitionResult = { ok: true; definition: JourneyDefinition } | { ok: false; problems: Problem[] };

/**
 * Reads a definition that came from outside: its form key by key, then what hangs together over several steps. What this
 * lets through, the planner can plan. With a context also what contradicts the organization (its templates, its send
 * window). What is only doubtful is told by `validateDefinition`.
 *
 * Never throws; hostile input is refused before it is looked at closely.
 */
export function parseDefinition(input: unknown, context: ValidationContext = {}): DefinitionResult {
  const refused = refuseOversized(input) ?? refuseTooMany(input);
  if (refused) return { ok: false, problems: [refused] };
  const result = JourneyDefinition.safeParse(input, { reportInput: true, error: plainly });
  if (!result.success) return { ok: false, problems: problemsOf(result.error) };
  const errors = findErrors(result.data, context);
  return errors.length === 0 ? { ok: true, definition: result.data } : { ok: false, problems: errors };
}

/** Before any step is read: ten thousand steps would be ten thousand lists of problems. */
function refuseTooMany(input: unknown): Problem | null {
  if (typeof input !== 'object' || input === null) return null;
  for (const [key, max] of [
    ['steps', MAX_STEPS],
    ['closing', MAX_CLOSING],
  ] as const) {
    const steps = (input as Record<string, unknown>)[key];
    if (Array.isArray(steps) && steps.length > max) {
      return {
        code: 'too_big',
        path: key,
        message: `Has ${steps.length} steps; at most ${max} fit. Split the journey.`,
      };
    }
  }
  return null;
}
