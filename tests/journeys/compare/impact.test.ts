import { describe, expect, it } from 'vitest';
import { impact, type ImpactExecution } from '../../../journeys/impact.ts';
import { moveLedger } from '../../../journeys/move-ledger.ts';
import { planJourney } from '../../../journeys/plan-journey.ts';
import { couple, done, journeyOf, ledgerOf, NOW, onDay } from './couple.ts';

const before = journeyOf([onDay('a', -90), onDay('b', -30), onDay('c', -7)]);

function execution(weddingOn: string | null, ledger = ledgerOf(), definition = before): ImpactExecution {
  return { executionId: `e-${weddingOn}`, definition, facts: couple(weddingOn), ledger };
}

function kinds(version: ReturnType<typeof journeyOf>, one: ImpactExecution): string[] {
  const [result] = impact(version, [one], NOW).couples;
  return (result?.steps ?? []).map(({ key, kind }) => `${key} ${kind}`);
}

describe('impact', () => {
  it('is none where the version is the same', () => {
    expect(impact(before, [execution('2027-06-12')], NOW)).toMatchObject({
      changed: 0,
      unchanged: 1,
      counts: { unchanged: 3, earlier: 0, later: 0, gained: 0, lost: 0 },
    });
  });

  it('says per couple what comes earlier, later, anew and no more', () => {
    const version = journeyOf([onDay('a', -100), onDay('b', -20), onDay('d', -1)]);
    const [one] = impact(version, [execution('2027-06-12')], NOW).couples;
    expect(one).toMatchObject({
      counts: { unchanged: 0, earlier: 1, later: 1, gained: 1, lost: 1 },
      steps: [
        { key: 'a', kind: 'earlier', before: { local: '2027-03-14T09:00' }, after: { local: '2027-03-04T09:00' } },
        { key: 'b', kind: 'later', before: { local: '2027-05-13T09:00' }, after: { local: '2027-05-23T09:00' } },
        { key: 'c', kind: 'lost', after: null },
        { key: 'd', kind: 'gained', before: null },
      ],
    });
  });

  it('adds up over the couples', () => {
    const version = journeyOf([onDay('a', -90), onDay('b', -30)]);
    const result = impact(version, [execution('2027-06-12'), execution('2027-09-04'), execution('2026-11-22')], NOW);
    // Six days before the last wedding is over already: that couple loses nothing.
    expect(result).toMatchObject({ unchanged: 1, changed: 2, counts: { lost: 2 } });
  });

  it('leaves alone what was done, and says what was had that is now taken out', () => {
    const ledger = ledgerOf(done('a', '2026-11-19T09:00:00Z'));
    const version = journeyOf([onDay('b', -30), onDay('c', -7)]);
    const [one] = impact(version, [execution('2027-02-17', ledger)], NOW).couples;
    expect(one).toMatchObject({ steps: [], hadAndRemoved: ['A'], counts: { unchanged: 2 } });
  });

  it('does not send again what was done, where the step moved', () => {
    const ledger = ledgerOf(done('a', '2026-11-19T09:00:00Z'));
    const version = journeyOf([onDay('a', -60), onDay('b', -30), onDay('c', -7)]);
    expect(kinds(version, execution('2027-02-17', ledger))).toEqual([]);
  });

  it('never runs a step which the new version has behind today, even one that would catch up', () => {
    // Sixty days before the wedding: the new step on day 70 is behind, the old one on day 50 moves behind.
    const today = journeyOf([onDay('b', -50)]);
    const version = journeyOf([
      onDay('new', -70, { when: { ifPast: 'send_now' } }),
      onDay('b', -65, { when: { ifPast: 'ask' } }),
    ]);
    expect(kinds(version, execution('2027-01-19', ledgerOf(), today))).toEqual(['b lost']);
  });

  it('nor one that counts from a step long done', () => {
    const today = journeyOf([onDay('a', -90)]);
    const version = journeyOf([
      onDay('a', -90),
      { key: 'after', type: 'email', template: 'x', when: { anchor: 'step:a', offset: { days: 1 } } },
      { key: 'later', type: 'email', template: 'x', when: { anchor: 'step:a', offset: { days: 100 } } },
    ]);
    const ledger = ledgerOf({
      key: 'a',
      state: 'done',
      dueAt: '2026-11-01T09:00:00Z',
      plannedAt: '2026-10-01T09:00:00Z',
      endedAt: '2026-11-01T09:00:00Z',
    });
    expect(kinds(version, execution('2027-01-30', ledger, today))).toEqual(['later gained']);
  });

  it('keeps what was already waiting for an OK at the same time', () => {
    const approval = { deadline: { days: 3 }, fallback: 'skip' };
    const today = journeyOf([onDay('a', -10, { approval })]);
    const version = journeyOf([onDay('a', -10, { approval, template: 'better' }), onDay('b', -1)]);
    const ledger = ledgerOf({
      key: 'a',
      state: 'waiting',
      dueAt: '2026-11-20T09:00:00Z',
      plannedAt: '2026-11-01T09:00:00Z',
    });
    expect(kinds(version, execution('2026-11-30', ledger, today))).toEqual(['b gained']);
  });

  it('a date that becomes known is earlier, one that is lost is later', () => {
    const dated = journeyOf([onDay('a', -90)]);
    const undated = journeyOf([onDay('a', -90, { when: { anchor: 'date:tasting' } })]);
    expect(kinds(undated, execution('2027-06-12', ledgerOf(), dated))).toEqual(['a later']);
    expect(kinds(dated, execution('2027-06-12', ledgerOf(), undated))).toEqual(['a earlier']);
  });
});

describe('moveLedger', () => {
  it('records what is behind as skipped, so that the planner never runs it, and keeps everything else', () => {
    const version = journeyOf([onDay('new', -300, { when: { ifPast: 'send_now' } }), onDay('c', -7)]);
    const ledger = ledgerOf(done('gone', '2026-11-19T09:00:00Z'));
    const facts = couple('2027-06-12');
    const moved = moveLedger(version, facts, ledger, NOW);
    expect(moved.steps).toMatchObject([
      { key: 'gone', state: 'done' },
      { key: 'new', state: 'skipped', reason: { code: 'past' } },
    ]);
    expect(planJourney(version, facts, moved, NOW).steps).toMatchObject([
      { key: 'new', state: 'skipped' },
      { key: 'c', state: 'planned' },
    ]);
    expect(moveLedger(version, facts, moved, NOW)).toEqual(moved);
  });
});
