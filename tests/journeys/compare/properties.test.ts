import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateChange } from '../../../journeys/date-change.ts';
import { diffVersions } from '../../../journeys/diff-versions.ts';
import { takesEffect } from '../../../journeys/effects.ts';
import { impact } from '../../../journeys/impact.ts';
import { moveLedger } from '../../../journeys/move-ledger.ts';
import { planJourney } from '../../../journeys/plan-journey.ts';
import { simulate } from '../../../journeys/simulate.ts';
import { couples, definitions, moments } from '../planner/arbitrary-journeys.ts';

/** Shrinking a whole rehearsal takes longer than reading the first one that fails. */
const RUNS = { numRuns: 150, endOnFailure: true };

/** A couple some way into a journey: the rehearsal up to `moment`, or to the start where that is later. */
const underWay = fc.tuple(definitions, couples, moments).map(([definition, couple, moment]) => {
  const now = moment > couple.execution.startedAt ? moment : couple.execution.startedAt;
  const { facts, ledger } = simulate(definition, couple, [], { until: now });
  return { definition, facts, ledger, now };
});

describe('whatever the journey and the couple', () => {
  it('a version differs from itself in nothing, and moving to it changes nothing for anybody', () => {
    fc.assert(
      fc.property(underWay, ({ definition, facts, ledger, now }) => {
        expect(diffVersions(definition, definition).same).toBe(true);
        const [couple] = impact(definition, [{ executionId: 'e', definition, facts, ledger }], now).couples;
        expect(couple?.steps).toEqual([]);
        expect(couple?.hadAndRemoved).toEqual([]);
      }),
      RUNS,
    );
  });

  it('a change of nothing moves nothing', () => {
    fc.assert(
      fc.property(underWay, ({ definition, facts, ledger, now }) => {
        const { counts } = dateChange(definition, ledger, facts, facts, now);
        expect(counts).toMatchObject({ moves: 0, past: 0, waits: 0, gained: 0, lost: 0 });
      }),
      RUNS,
    );
  });

  it('a date change tells of every step that takes effect in either plan, as the planner has it', () => {
    fc.assert(
      fc.property(underWay, couples, ({ definition, facts, ledger, now }, { client }) => {
        const after = { ...facts, client: { ...client, weddingChangedAt: now } };
        const settled = { ...after, organization: { ...facts.organization, settleMinutes: 0 } };
        const plan = planJourney(definition, settled, ledger, now);
        const { steps, counts } = dateChange(definition, ledger, facts, after, now);
        expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(steps.length);
        const planned = new Map(plan.steps.map((line) => [`${line.key}#${line.occurrence}`, line.runAt ?? line.dueAt]));
        const ahead = steps.filter((step) => step.after !== null);
        expect(ahead.map(({ after: moment }) => moment?.at)).toEqual(
          ahead.map(({ key, occurrence }) => planned.get(`${key}#${occurrence}`)),
        );
      }),
      RUNS,
    );
  });

  it('after a move to another version nothing that lay behind is ever run, and what was done stays as it was', () => {
    fc.assert(
      fc.property(underWay, definitions, ({ facts, ledger, now }, version) => {
        const moved = moveLedger(version, facts, ledger, now);
        const done = ledger.steps.filter(({ state }) => state === 'done');
        expect(moved.steps.filter(({ state }) => state === 'done')).toEqual(done);
        const known = new Map(ledger.steps.map((row) => [`${row.key}#${row.occurrence}`, row.dueAt]));
        const behind = planJourney(version, facts, moved, now).steps.filter(
          ({ key, occurrence, type, state, dueAt }) =>
            takesEffect(type) &&
            (state === 'planned' || state === 'held') &&
            dueAt !== null &&
            dueAt < now &&
            known.get(`${key}#${occurrence}`) !== dueAt,
        );
        expect(behind).toEqual([]);
        expect(moveLedger(version, facts, moved, now)).toEqual(moved);
      }),
      RUNS,
    );
  });
});
