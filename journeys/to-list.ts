import type { JourneyDefinition, Step } from './definition.ts';
import { inTime } from './effects.ts';
import { explain } from './explain.ts';
import { createTree, type Placed } from './journey-tree.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { whenOfStep } from './when-in-words.ts';

export type ListRow = {
  readonly key: string;
  readonly occurrence: number;
  readonly name: string;
  readonly type: Step['type'];
  readonly closing: boolean;
  /** How deep it stands on arms; 0 on none. */
  readonly depth: number;
  /** The arm it stands on, with the name of the question. */
  readonly in: { readonly step: string; readonly name: string; readonly arm: 'yes' | 'no' } | null;
  readonly when: string;
  /** How often in all, of a step that repeats. */
  readonly times: number;
  /** With a plan: what the planner says of it, and its reason in a sentence. */
  readonly planned: PlannedStep | null;
  readonly why: string | null;
};

/**
 * A journey as a list to read from top to bottom. Without a plan every step stands once, in list order, and the steps on
 * an arm right under their question, yes before no. With a couple's plan every occurrence stands where its moment
 * puts it, and what has no date yet at the end.
 */
export function toList(definition: JourneyDefinition, plan?: Plan): ListRow[] {
  const tree = createTree(definition);
  const rowOf = (placed: Placed, planned: PlannedStep | null): ListRow => {
    const { step } = placed;
    const nameOf = (key: string): string => tree.find(key)?.step.name ?? key;
    return {
      key: step.key,
      occurrence: planned?.occurrence ?? 1,
      name: step.name ?? step.key,
      type: step.type,
      closing: placed.closing,
      depth: depthOf(placed),
      in: step.in ? { ...step.in, name: nameOf(step.in.step) } : null,
      when: whenOfStep(placed, tree),
      times: step.repeat?.times ?? 1,
      planned,
      why: planned && explain(planned, nameOf),
    };
  };
  const depthOf = ({ step }: Placed): number => {
    const parent = step.in && tree.find(step.in.step);
    return parent ? depthOf(parent) + 1 : 0;
  };
  if (plan !== undefined) {
    return [...plan.steps].sort(inTime).flatMap((planned) => {
      const placed = tree.find(planned.key);
      return placed ? [rowOf(placed, planned)] : [];
    });
  }
  const withArms = (placed: Placed): ListRow[] => [
    rowOf(placed, null),
    ...(['yes', 'no'] as const).flatMap((arm) => tree.onArm(placed.step.key, arm).flatMap(withArms)),
  ];
  return tree.placed.filter(({ step }) => step.in === undefined).flatMap(withArms);
}
