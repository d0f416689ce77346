import { parseDay } from './civil.ts';
import type { JourneyDefinition, Step } from './definition.ts';
import { byInstant } from './effects.ts';
import { foldScale, type FoldedScale } from './fold-scale.ts';
import type { Plan, PlannedStep, StepState } from './plan.ts';
import { createTree, type JourneyTree } from './journey-tree.ts';
import { laneOf, positionsOf, type Band, type Lane, type Position, type StepPosition } from './positions.ts';
import { whenOfStep } from './when-in-words.ts';

export type TimelineItem = {
  readonly key: string;
  readonly occurrence: number;
  readonly name: string;
  readonly type: Step['type'];
  readonly lane: Lane;
  /** Whole days from the band's anchor; with a plan, from the first day of the plan. */
  readonly day: number;
  /** Its place on the folded scale, in days' widths. */
  readonly x: number;
  /** Of a delay or wait: where it ends on the scale, where that is on the same band. */
  readonly endX: number | null;
  /** False where its day hangs on something whose end nobody knows. */
  readonly certain: boolean;
  readonly when: string;
  /** The arm it stands on. */
  readonly in: { readonly step: string; readonly arm: 'yes' | 'no' } | null;
  readonly conditional: boolean;
  /** With a plan: the wall clock it is due by, and its state. */
  readonly local: string | null;
  readonly state: StepState | null;
};

export type TimelineBand = {
  /** `journey_start`, `wedding_date`, `payment_due:<kind>`, `date:<name>`, `event:<name>`, `stop`; `calendar` with a plan. */
  readonly anchor: Band;
  /** `date` bands have an axis; `event` bands hold what happens whenever it happens. */
  readonly kind: 'date' | 'event' | 'calendar';
  readonly items: readonly TimelineItem[];
  readonly folds: FoldedScale['folds'];
  readonly width: number;
  /** Where the anchor itself stands: the start, the day of the wedding. Null on a calendar. */
  readonly anchorX: number | null;
};

export type Timeline = {
  readonly bands: readonly TimelineBand[];
  /** With a plan: what has no date yet, in list order. */
  readonly undated: readonly TimelineItem[];
};

/**
 * A journey along time. Without a plan one band for each anchor, because nobody knows how far a booking is from the
 * wedding; with a couple's plan one calendar. Nothing of it is stored.
 */
export function toTimeline(definition: JourneyDefinition, plan?: Plan): Timeline {
  return plan === undefined ? templateTimeline(definition) : calendarTimeline(definition, plan);
}

function templateTimeline(definition: JourneyDefinition): Timeline {
  const positions = positionsOf(definition);
  const tree = createTree(definition);
  const groups = Map.groupBy(positions, ([, { band }]) => band);
  const bands = [...groups].map(([anchor, group]): TimelineBand => {
    const days = group.flatMap(([, position]) => [wholeDay(position), ...endDay(position)]);
    const scale = foldScale([0, ...days]);
    const items = group.map(([key, position]): TimelineItem => {
      const [end] = endDay(position);
      return {
        ...described(tree, key, 1),
        day: wholeDay(position),
        x: scale.places.get(wholeDay(position)) ?? 0,
        endX: end === undefined ? null : (scale.places.get(end) ?? null),
        certain: position.certain,
        local: null,
        state: null,
      };
    });
    const kind = anchor.startsWith('event:') || anchor === 'stop' ? 'event' : 'date';
    const anchorX = scale.places.get(0) ?? 0;
    return { anchor, kind, items: items.sort(byDay(positions)), folds: scale.folds, width: scale.width, anchorX };
  });
  return { bands: bands.sort((a, b) => rank(a.anchor) - rank(b.anchor)), undated: [] };
}

function wholeDay({ day }: Position): number {
  return Math.floor(day);
}

function endDay(position: StepPosition): number[] {
  const end = position.stretch?.to;
  return end === undefined || end.band !== position.band ? [] : [wholeDay(end)];
}

function byDay(positions: ReadonlyMap<string, StepPosition>): (a: TimelineItem, b: TimelineItem) => number {
  const exact = ({ key, day }: TimelineItem): number => day + (positions.get(key)?.minute ?? 0) / 1_440;
  return (a, b) => exact(a) - exact(b);
}

/** The booking first, then the wedding, payments, other dates, events, and what is done after a stop. */
function rank(anchor: Band): number {
  const order = ['journey_start', 'wedding_date', 'payment_due', 'date:', 'event:', 'stop'];
  return order.findIndex((beginning) => anchor.startsWith(beginning));
}

function calendarTimeline(definition: JourneyDefinition, plan: Plan): Timeline {
  const tree = createTree(definition);
  const dated = plan.steps.filter(({ local }) => local !== null);
  const dayOf = ({ local }: PlannedStep): number => parseDay(local?.slice(0, 10)) ?? 0;
  const first = Math.min(...dated.map(dayOf));
  const scale = foldScale(dated.map((step) => dayOf(step) - first));
  const item = (step: PlannedStep): TimelineItem => {
    const day = step.local === null ? 0 : dayOf(step) - first;
    return {
      ...described(tree, step.key, step.occurrence),
      day,
      x: scale.places.get(day) ?? 0,
      endX: null,
      certain: step.dependsOn === null,
      local: step.local,
      state: step.state,
    };
  };
  const items = dated.map(item).sort((a, b) => byInstant(a.local, b.local));
  const band = {
    anchor: 'calendar',
    kind: 'calendar',
    items,
    folds: scale.folds,
    width: scale.width,
    anchorX: null,
  } as const;
  return { bands: [band], undated: plan.steps.filter(({ local }) => local === null).map(item) };
}

function described(tree: JourneyTree, key: string, occurrence: number) {
  const placed = tree.find(key);
  const step = placed?.step;
  const type = step?.type ?? 'task';
  return {
    key,
    occurrence,
    name: step?.name ?? key,
    type,
    lane: laneOf(type),
    when: placed === undefined ? '' : whenOfStep(placed, tree),
    in: step?.in ?? null,
    conditional: step?.onlyIf !== undefined,
  };
}
