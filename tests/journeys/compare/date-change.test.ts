import { describe, expect, it } from 'vitest';
import { dateChange } from '../../../journeys/date-change.ts';
import { couple, done, journeyOf, ledgerOf, NOW, onDay } from './couple.ts';

const changed = (weddingOn: string | null, more: Record<string, unknown> = {}) =>
  couple(weddingOn, { client: { weddingChangedAt: NOW, ...more } });

function effects(result: ReturnType<typeof dateChange>): Record<string, unknown> {
  return Object.fromEntries(
    result.steps.map(({ key, effect, rule }) => [key, rule === null ? effect : `${effect}: ${rule}`]),
  );
}

describe('dateChange', () => {
  it('moves what hangs on the date, and leaves what does not', () => {
    const journey = journeyOf([
      onDay('start', 30, { when: { anchor: 'journey_start' } }),
      onDay('before', -7),
      onDay('after', 5),
    ]);
    const result = dateChange(journey, ledgerOf(), couple('2027-06-12'), changed('2027-07-10'), NOW);
    expect(result.counts).toEqual({ stays: 1, moves: 2, past: 0, waits: 0, sent: 0, gained: 0, lost: 0 });
    expect(result.steps).toMatchObject([
      { key: 'start', effect: 'stays' },
      { key: 'before', effect: 'moves', before: { local: '2027-06-05T09:00' }, after: { local: '2027-07-03T09:00' } },
      { key: 'after', effect: 'moves', before: { local: '2027-06-17T09:00' }, after: { local: '2027-07-15T09:00' } },
    ]);
  });

  it('says what is now past and what its rule says', () => {
    const journey = journeyOf([
      onDay('skips', -90),
      onDay('sends', -80, { when: { ifPast: 'send_now' } }),
      onDay('asks', -70, { when: { ifPast: 'ask' } }),
      onDay('useless', -60, { when: { ifPast: 'send_now', usefulUntil: { days: -40 } } }),
    ]);
    const result = dateChange(journey, ledgerOf(), couple('2027-06-12'), changed('2026-12-12'), NOW);
    expect(effects(result)).toEqual({
      skips: 'past: skip',
      sends: 'past: send',
      asks: 'past: ask',
      useless: 'past: skip',
    });
    // What is sent now goes now, and not after the minutes a slip of the hand is given.
    expect(result.steps[1]?.after?.at).toBe(NOW);
  });

  it('says of what was sent whether it stays, goes again, or becomes a task', () => {
    const journey = journeyOf([
      onDay('keeps', -90),
      onDay('again', -90, { when: { at: '10:00' }, onDateChange: 'resend' }),
      onDay('asks', -90, { when: { at: '11:00' }, onDateChange: 'task' }),
    ]);
    const sent = (key: string, at: string) => ({
      key,
      state: 'done',
      dueAt: at,
      plannedAt: '2026-11-01T09:00:00Z',
      endedAt: at,
    });
    const ledger = ledgerOf(
      sent('keeps', '2026-11-10T09:00:00Z'),
      sent('again', '2026-11-10T10:00:00Z'),
      sent('asks', '2026-11-10T11:00:00Z'),
    );
    const start = { execution: { startedAt: '2026-11-01T09:00:00Z' } };
    const result = dateChange(
      journey,
      ledger,
      couple('2027-02-08', start),
      couple('2027-06-12', { ...start, client: { weddingChangedAt: NOW } }),
      NOW,
    );
    expect(effects(result)).toEqual({ keeps: 'sent: keep', again: 'sent: resend', asks: 'sent: task' });
    expect(result.steps.find(({ key }) => key === 'again')?.again?.local).toBe('2027-03-14T10:00');
  });

  it('freezes when the date is taken away, and says so', () => {
    const journey = journeyOf([onDay('a', -7), onDay('b', 10, { when: { anchor: 'journey_start' } })]);
    const result = dateChange(
      journey,
      ledgerOf(),
      couple('2027-06-12'),
      changed('2027-06-12', { postponed: true }),
      NOW,
    );
    expect(effects(result)).toEqual({ a: 'waits', b: 'stays' });
    expect(result.steps[0]?.reason).toEqual({ code: 'postponed' });
  });

  it('comes alive when the date becomes known', () => {
    const journey = journeyOf([onDay('a', -7)]);
    const result = dateChange(journey, ledgerOf(), couple(null), changed('2027-06-12'), NOW);
    expect(result.steps).toMatchObject([
      { effect: 'moves', before: { at: null }, after: { local: '2027-06-05T09:00' } },
    ]);
  });

  it('is nothing where nothing changes', () => {
    const journey = journeyOf([onDay('a', -7), onDay('gone', -400)]);
    const facts = couple('2027-06-12');
    const result = dateChange(journey, ledgerOf(), facts, facts, NOW);
    expect(result.counts).toMatchObject({ moves: 0, past: 0, gained: 0, lost: 0 });
    expect(result.counts.stays).toBe(2);
  });

  it('counts a step that drops out of the plan for another reason as lost', () => {
    const journey = journeyOf([onDay('a', -7, { when: { anchor: 'date:tasting', ifMissing: 'skip' } })]);
    const before = couple('2027-06-12', { client: { dates: { tasting: '2027-03-01' } } });
    const result = dateChange(journey, ledgerOf(done('x', NOW)), before, couple('2027-06-12'), NOW);
    expect(result.steps).toMatchObject([{ effect: 'lost', reason: { code: 'if_missing' } }]);
  });
});
