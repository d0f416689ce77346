import type { Examined, PlacedStep, ValidationContext } from './examined.ts';
import type { JourneyDefinition } from './journey-schema.ts';
import type { Step } from './step-schema.ts';
import { MAX_PROBLEMS, type Problem } from './problem.ts';
import { findDoubts } from './validate-doubts.ts';
import { findWrongReferences } from './validate-references.ts';
import { findWrongTimes } from './validate-times.ts';

export type { ValidationContext } from './examined.ts';

/** Errors forbid publishing; warnings ask for a second look. */
export type Validation = { readonly errors: Problem[]; readonly warnings: Problem[] };

/**
 * Everything that is wrong or doubtful about a definition whose form is right: references, arms, times that contradict
 * each other, messages that can never go or go together. Pure; the texts are for suppliers.
 */
export function validateDefinition(definition: JourneyDefinition, context: ValidationContext): Validation {
  const examined = examine(definition, context);
  const errors = errorsOf(examined);
  // Doubts about a journey whose references are wrong would only repeat what the errors say.
  const warnings = errors.length === 0 ? findDoubts(examined).slice(0, MAX_PROBLEMS) : [];
  return { errors, warnings };
}

/** The errors alone: what a planner must not be asked to plan. */
export function findErrors(definition: JourneyDefinition, context: ValidationContext): Problem[] {
  return errorsOf(examine(definition, context));
}

function errorsOf(examined: Examined): Problem[] {
  return [...findWrongReferences(examined), ...findWrongTimes(examined)].slice(0, MAX_PROBLEMS);
}

function examine(definition: JourneyDefinition, context: ValidationContext): Examined {
  const steps = [...place(definition.steps, 'steps'), ...place(definition.closing ?? [], 'closing')];
  const byKey = new Map<string, PlacedStep>();
  for (const placed of steps) if (!byKey.has(placed.step.key)) byKey.set(placed.step.key, placed);
  return { definition, context, steps, byKey };
}

function place(steps: readonly Step[], list: 'steps' | 'closing'): PlacedStep[] {
  return steps.map((step, index) => ({ step, path: `${list}[${index}]`, list, index }));
}
