import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planJourney } from '../../../journeys/plan-journey.ts';
import { toFlow } from '../../../journeys/to-flow.ts';
import { toList } from '../../../journeys/to-list.ts';
import { toTimeline } from '../../../journeys/to-timeline.ts';
import { couples, definitions, moments } from '../planner/arbitrary-journeys.ts';

/** Shrinking a whole rehearsal takes longer than reading the first one that fails. */
const RUNS = { numRuns: 150, endOnFailure: true };

describe('whatever the journey', () => {
  it('every step stands once on the timeline, in the list and in the flow', () => {
    fc.assert(
      fc.property(definitions, (journey) => {
        const keys = journey.steps.map(({ key }) => key).sort();
        const { bands } = toTimeline(journey);
        expect(bands.flatMap(({ items }) => items.map(({ key }) => key)).sort()).toEqual(keys);
        expect(
          toList(journey)
            .map(({ key }) => key)
            .sort(),
        ).toEqual(keys);
        expect(
          toFlow(journey)
            .nodes.map(({ id }) => id)
            .filter((id) => !id.startsWith('$'))
            .sort(),
        ).toEqual(keys);
      }),
      RUNS,
    );
  });

  it('the flow leads downwards from the start to the end, through every step, and no two share a place', () => {
    fc.assert(
      fc.property(definitions, (journey) => {
        const { nodes, edges: all } = toFlow(journey);
        // From where a time counts may lie anywhere; the way itself leads down.
        const edges = all.filter(({ kind }) => kind !== 'counts');
        const rows = new Map(nodes.map(({ id, row }) => [id, row]));
        for (const { from, to } of edges) expect(rows.get(from)).toBeLessThan(rows.get(to) ?? 0);
        expect(nodes.filter(({ id }) => !edges.some(({ to }) => to === id)).map(({ id }) => id)).toEqual(['$start']);
        expect(nodes.filter(({ id }) => !edges.some(({ from }) => from === id)).map(({ id }) => id)).toEqual(['$end']);
        expect(new Set(nodes.map(({ row, column }) => `${row}/${column}`)).size).toBe(nodes.length);
      }),
      RUNS,
    );
  });

  it('a step on an arm stands under its question in the list, one level deeper', () => {
    fc.assert(
      fc.property(definitions, (journey) => {
        const rows = toList(journey);
        const places = new Map(rows.map((row, index) => [row.key, { row, index }]));
        for (const [index, row] of rows.entries()) {
          const question = row.in && places.get(row.in.step);
          expect(row.depth).toBe(question ? question.row.depth + 1 : 0);
          expect(question?.index ?? -1).toBeLessThan(index);
        }
      }),
      RUNS,
    );
  });

  it('a plan shows every occurrence once, in the order of time', () => {
    fc.assert(
      fc.property(definitions, couples, moments, (journey, couple, now) => {
        const plan = planJourney(journey, couple, { steps: [] }, now);
        const ids = plan.steps.map(({ key, occurrence }) => `${key}#${occurrence}`).sort();
        const { bands, undated } = toTimeline(journey, plan);
        const items = [...bands.flatMap((band) => band.items), ...undated];
        expect(items.map(({ key, occurrence }) => `${key}#${occurrence}`).sort()).toEqual(ids);
        const rows = toList(journey, plan);
        expect(rows.map(({ key, occurrence }) => `${key}#${occurrence}`).sort()).toEqual(ids);
        const moment = rows.map(({ planned }) => planned?.runAt ?? planned?.dueAt ?? '9999');
        expect(moment).toEqual([...moment].sort());
      }),
      RUNS,
    );
  });
});
