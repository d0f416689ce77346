// How the steps of a journey hang together: list order, arms, and what stands before what.
import type { JourneyDefinition, Step } from './definition.ts';

/** A step in its place. */
export type Placed = {
  readonly step: Step;
  /** Position in the plan: the steps in list order, then the closing steps. */
  readonly index: number;
  readonly closing: boolean;
};

export type JourneyTree = {
  readonly placed: readonly Placed[];
  find(key: string): Placed | undefined;
  /** The steps on one arm of a condition or wait, in list order, without those on arms further in. */
  onArm(key: string, arm: 'yes' | 'no'): readonly Placed[];
  /** The earlier steps of the same arm (or of none), nearest first. */
  before(placed: Placed): readonly Placed[];
};

export function createTree(definition: JourneyDefinition): JourneyTree {
  const { steps, closing = [] } = definition;
  const placed = [
    ...steps.map((step, index) => ({ step, index, closing: false })),
    ...closing.map((step, index) => ({ step, index: steps.length + index, closing: true })),
  ];
  const byKey = new Map<string, Placed>();
  const lanes = new Map<string, Placed[]>();
  for (const one of placed) {
    if (!byKey.has(one.step.key)) byKey.set(one.step.key, one);
    const lane = lanes.get(laneOf(one));
    if (lane) lane.push(one);
    else lanes.set(laneOf(one), [one]);
  }
  return {
    placed,
    find: (key) => byKey.get(key),
    onArm: (key, arm) => lanes.get(laneName(key, arm)) ?? [],
    before: (one) => (lanes.get(laneOf(one)) ?? []).filter((other) => other.index < one.index).toReversed(),
  };
}

function laneOf({ step, closing }: Placed): string {
  return step.in ? laneName(step.in.step, step.in.arm) : closing ? 'closing' : 'steps';
}

function laneName(key: string, arm: 'yes' | 'no'): string {
  return `${key}/${arm}`;
}
