// Where the steps of a journey stand when no couple is picked yet: so many days from the date or moment they go back to.
import type { JourneyDefinition, Limit, Offset, Step, When } from './definition.ts';
import { createTree, type JourneyTree, type Placed } from './journey-tree.ts';

/** What a chain of steps goes back to in the end: a date, a moment, an event, or the stop (of closing steps). */
export type Band = string;

export type Position = {
  readonly band: Band;
  /** Days from the band's anchor; minutes and hours are parts of a day, a month counts as 30.4375 days. */
  readonly day: number;
  /** Minutes after midnight of `at`, where it is written; orders steps of one day. */
  readonly minute: number | null;
  /** False where something stands before it whose end nobody knows: a wait, or arms that take as long as they take. */
  readonly certain: boolean;
};

/** Of a step that takes time (a delay, a wait): from where it begins to where it ends at the latest. */
export type Stretch = { readonly from: Position; readonly to: Position };

export type StepPosition = Position & { readonly stretch: Stretch | null };

/** The position of every step, by key. */
export function positionsOf(definition: JourneyDefinition): Map<string, StepPosition> {
  const tree = createTree(definition);
  const positions = new Map<string, StepPosition>();
  for (const placed of tree.placed) positions.set(placed.step.key, positionOf(placed, tree, positions));
  return positions;
}

const START: Position = { band: 'journey_start', day: 0, minute: null, certain: true };
const STOP: Position = { band: 'stop', day: 0, minute: null, certain: true };

function positionOf(placed: Placed, tree: JourneyTree, known: ReadonlyMap<string, StepPosition>): StepPosition {
  const { step } = placed;
  const from = originOf(placed, step.when, tree, known);
  const at = moved(from, step.when);
  if (step.type === 'delay') return { ...at, stretch: { from, to: at } };
  if (step.type !== 'wait_for') return { ...at, stretch: null };
  const end = endOfWait(at, step.limit, placed, tree, known);
  return { ...at, stretch: { from: at, to: end } };
}

function endOfWait(
  begin: Position,
  limit: Limit | undefined,
  placed: Placed,
  tree: JourneyTree,
  known: ReadonlyMap<string, StepPosition>,
): Position {
  if (limit === undefined) return { ...begin, certain: false };
  const from = limit.anchor === undefined ? begin : originOf(placed, limit, tree, known);
  return { ...moved(from, limit), certain: false };
}

/** Where a step's counting begins. */
function originOf(
  placed: Placed,
  when: Pick<When, 'anchor'> | undefined,
  tree: JourneyTree,
  known: ReadonlyMap<string, StepPosition>,
): Position {
  const anchor = when?.anchor;
  if (anchor === 'journey_start') return START;
  if (anchor?.startsWith('step:')) return endOf(known.get(anchor.slice('step:'.length)));
  if (anchor === undefined && placed.closing) return STOP;
  if (anchor !== undefined && anchor !== 'previous_step') return { band: anchor, day: 0, minute: null, certain: true };
  return afterPrevious(placed, tree, known);
}

function afterPrevious(placed: Placed, tree: JourneyTree, known: ReadonlyMap<string, StepPosition>): Position {
  const [previous] = tree.before(placed);
  if (previous === undefined) {
    const parent = placed.step.in && known.get(placed.step.in.step);
    return parent ? endOf(parent) : placed.closing ? STOP : START;
  }
  const end = endOf(known.get(previous.step.key));
  const arms = (['yes', 'no'] as const).flatMap((arm) => tree.onArm(previous.step.key, arm));
  if (arms.length === 0) return end;
  // The arms rejoin here: after whatever of the arm taken ends last, which nobody knows beforehand.
  const ends = arms.map(({ step }) => endOf(known.get(step.key))).filter(({ band }) => band === end.band);
  return { ...end, day: Math.max(end.day, ...ends.map(({ day }) => day)), minute: null, certain: false };
}

function endOf(position: StepPosition | undefined): Position {
  if (position === undefined) return START;
  const { band, day, minute, certain } = position.stretch?.to ?? position;
  return { band, day, minute, certain };
}

function moved(from: Position, when: Pick<When, 'offset' | 'at'> | undefined): Position {
  const day = from.day + daysOf(when?.offset);
  const [hours = 0, minutes = 0] = (when?.at ?? '').split(':').map(Number);
  return { ...from, day, minute: when?.at === undefined ? from.minute : hours * 60 + minutes };
}

function daysOf(offset: Offset | undefined): number {
  if (offset === undefined) return 0;
  const { minutes = 0, hours = 0, days = 0, weeks = 0, months = 0 } = offset;
  return minutes / 1_440 + hours / 24 + days + weeks * 7 + months * 30.4375;
}

/** Who notices a step: the couple (or somebody of theirs), or the team and its systems. */
export type Lane = 'couple' | 'team';

export function laneOf(type: Step['type']): Lane {
  return type === 'email' || type === 'sms' || type === 'whatsapp' ? 'couple' : 'team';
}
