import type { JourneyDefinition, Step } from './definition.ts';
import { createTree, type JourneyTree, type Placed } from './journey-tree.ts';
import { whenOfStep } from './when-in-words.ts';

export type FlowNode = {
  /** The key of a step, or `$start` and `$end`. */
  readonly id: string;
  readonly type: Step['type'] | 'start' | 'end';
  readonly name: string;
  readonly when: string | null;
  /** Its place in a grid: rows go down, columns to the right; no two nodes share one. */
  readonly row: number;
  readonly column: number;
};

export type FlowEdge = {
  readonly from: string;
  readonly to: string;
  /** `next` in list order, `arm` from a question, `rejoin` from the end of an arm, `counts` from the step a time counts from. */
  readonly kind: 'next' | 'arm' | 'rejoin' | 'counts';
  readonly arm: 'yes' | 'no' | null;
};

export type Flow = { readonly nodes: readonly FlowNode[]; readonly edges: readonly FlowEdge[] };

const START = '$start';
const END = '$end';

/**
 * A journey as a chart: steps in list order downwards, the arms of a question side by side, rejoining at the next step
 * of the level above. The layout is computed and never stored. Closing steps are not in it: they have no place in the
 * order, for a journey may be stopped anywhere.
 */
export function toFlow(definition: JourneyDefinition): Flow {
  const tree = createTree(definition);
  const nodes: FlowNode[] = [{ id: START, type: 'start', name: 'Start', when: null, row: 0, column: 0 }];
  const edges: FlowEdge[] = [];
  const main = tree.placed.filter(({ step, closing }) => !closing && step.in === undefined);
  const laid = layLane(main, 1, 0, tree, nodes, edges);
  nodes.push({ id: END, type: 'end', name: 'End', when: null, row: laid.row, column: 0 });
  join([{ from: START, kind: 'next', arm: null }], laid.first ?? END, edges);
  join(laid.open, END, edges);
  edges.push(...countedFrom(definition, edges));
  return { nodes, edges };
}

/** An edge whose other end is not known yet. */
type Loose = Omit<FlowEdge, 'to'>;

type Laid = {
  /** The first node, null of an empty lane. */
  readonly first: string | null;
  /** The first row below it, and the first column to the right of it. */
  readonly row: number;
  readonly column: number;
  /** What leads on from its end. */
  readonly open: readonly Loose[];
};

function layLane(
  lane: readonly Placed[],
  row: number,
  column: number,
  tree: JourneyTree,
  nodes: FlowNode[],
  edges: FlowEdge[],
): Laid {
  let [nextRow, right] = [row, column + 1];
  let open: readonly Loose[] = [];
  for (const placed of lane) {
    const { step } = placed;
    nodes.push(nodeOf(placed, nextRow, column, tree));
    join(open, step.key, edges);
    nextRow += 1;
    open = [{ from: step.key, kind: 'next', arm: null }];
    if (step.type !== 'condition' && step.type !== 'wait_for') continue;
    const [yes, no] = [tree.onArm(step.key, 'yes'), tree.onArm(step.key, 'no')];
    if (yes.length + no.length === 0) continue;
    const left = layArm(step.key, 'yes', yes, nextRow, column, tree, nodes, edges);
    const other = layArm(step.key, 'no', no, nextRow, Math.max(left.column, column + 1), tree, nodes, edges);
    nextRow = Math.max(left.row, other.row);
    right = Math.max(right, other.column);
    open = [...left.open, ...other.open];
  }
  return { first: lane[0]?.step.key ?? null, row: nextRow, column: right, open };
}

function layArm(
  question: string,
  arm: 'yes' | 'no',
  steps: readonly Placed[],
  row: number,
  column: number,
  tree: JourneyTree,
  nodes: FlowNode[],
  edges: FlowEdge[],
): Laid {
  const laid = layLane(steps, row, column, tree, nodes, edges);
  const fromQuestion: Loose = { from: question, kind: 'arm', arm };
  if (laid.first === null) return { ...laid, open: [fromQuestion] };
  join([fromQuestion], laid.first, edges);
  return { ...laid, open: laid.open.map((loose) => (loose.kind === 'next' ? { ...loose, kind: 'rejoin' } : loose)) };
}

function join(open: readonly Loose[], to: string, edges: FlowEdge[]): void {
  for (const loose of open) edges.push({ ...loose, to });
}

function nodeOf(placed: Placed, row: number, column: number, tree: JourneyTree): FlowNode {
  const { key, type, name = key } = placed.step;
  return { id: key, type, name, when: whenOfStep(placed, tree), row, column };
}

/** Times which count from a step that does not stand right before. */
function countedFrom(definition: JourneyDefinition, edges: readonly FlowEdge[]): FlowEdge[] {
  return definition.steps.flatMap((step): FlowEdge[] => {
    const anchor = step.when?.anchor;
    if (!anchor?.startsWith('step:')) return [];
    const from = anchor.slice('step:'.length);
    const drawn = edges.some((edge) => edge.from === from && edge.to === step.key);
    return drawn ? [] : [{ from, to: step.key, kind: 'counts', arm: null }];
  });
}
