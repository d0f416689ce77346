import { describe, expect, it } from 'vitest';
import { planJourney } from '../../../journeys/plan-journey.ts';
import { toFlow, type Flow } from '../../../journeys/to-flow.ts';
import { toList } from '../../../journeys/to-list.ts';
import { toTimeline } from '../../../journeys/to-timeline.ts';
import { couple, journeyOf, ledgerOf, NOW, onDay } from '../compare/couple.ts';
import { starters } from './starters.ts';

const ask = (key: string, more = {}): unknown => ({
  key,
  type: 'condition',
  test: { field: 'client.tags', has: 'x' },
  ...more,
});
const on = (key: string, step: string, arm: 'yes' | 'no', more = {}): unknown => ({
  key,
  type: 'email',
  template: key,
  in: { step, arm },
  ...more,
});

describe.each(starters())('%s', (_, journey) => {
  const keys = [...journey.steps, ...(journey.closing ?? [])].map(({ key }) => key).sort();
  const plan = planJourney(journey, couple('2027-06-12'), ledgerOf(), NOW);

  it('has every step once on the timeline and in the list, and the open ones in the flow', () => {
    const { bands } = toTimeline(journey);
    expect(bands.flatMap(({ items }) => items.map(({ key }) => key)).sort()).toEqual(keys);
    expect(
      toList(journey)
        .map(({ key }) => key)
        .sort(),
    ).toEqual(keys);
    const nodes = toFlow(journey).nodes.map(({ id }) => id);
    expect(nodes.sort()).toEqual(['$end', '$start', ...journey.steps.map(({ key }) => key)].sort());
  });

  it('has every planned occurrence once on the calendar and in the dated list', () => {
    const ids = plan.steps.map(({ key, occurrence }) => `${key}#${occurrence}`).sort();
    const { bands, undated } = toTimeline(journey, plan);
    const items = [...bands.flatMap((band) => band.items), ...undated];
    expect(items.map(({ key, occurrence }) => `${key}#${occurrence}`).sort()).toEqual(ids);
    expect(
      toList(journey, plan)
        .map(({ key, occurrence }) => `${key}#${occurrence}`)
        .sort(),
    ).toEqual(ids);
  });

  it('goes forward along every band: a later day stands further on, the same day at the same place', () => {
    for (const band of [...toTimeline(journey).bands, ...toTimeline(journey, plan).bands]) {
      const steps = band.items.slice(1).map((item, index) => ({ item, last: band.items[index] ?? item }));
      for (const { item, last } of steps) expect(Math.sign(item.x - last.x)).toBe(Math.sign(item.day - last.day));
      expect(Math.max(...band.items.map(({ x }) => x))).toBeLessThanOrEqual(band.width);
    }
  });

  it('flows from the start to the end without a way back, no two nodes in one place', () => {
    const { nodes, edges } = toFlow(journey);
    expect(new Set(nodes.map(({ row, column }) => `${row}/${column}`)).size).toBe(nodes.length);
    const rows = new Map(nodes.map(({ id, row }) => [id, row]));
    for (const { from, to } of edges) expect(rows.get(from)).toBeLessThan(rows.get(to) ?? 0);
    const ids = [...rows.keys()];
    expect(ids.filter((id) => !edges.some(({ to }) => to === id))).toEqual(['$start']);
    expect(ids.filter((id) => !edges.some(({ from }) => from === id))).toEqual(['$end']);
  });
});

describe('toTimeline', () => {
  it('has a band for each anchor: the start, the wedding, dates, events, the stop', () => {
    const journey = journeyOf(
      [
        onDay('e', 1, { when: { anchor: 'event:gallery.delivered' } }),
        onDay('d', -3, { when: { anchor: 'date:tasting' } }),
        onDay('p', -7, { when: { anchor: 'payment_due:balance' } }),
        onDay('w', -90),
        onDay('s', 3, { when: { anchor: 'journey_start' } }),
      ],
      {
        closing: [
          { key: 'z', type: 'task', title: 'Ring' },
          { key: 'y', type: 'task', title: 'Ring', when: { offset: { days: 2 } } },
        ],
      },
    );
    const { bands } = toTimeline(journey);
    expect(
      bands.map(({ anchor, kind, items }) => [anchor, kind, items.map(({ key, day }) => `${key} ${day}`)]),
    ).toEqual([
      ['journey_start', 'date', ['s 3']],
      ['wedding_date', 'date', ['w -90']],
      ['payment_due:balance', 'date', ['p -7']],
      ['date:tasting', 'date', ['d -3']],
      ['event:gallery.delivered', 'event', ['e 1']],
      ['stop', 'event', ['z 0', 'y 2']],
    ]);
  });

  it('follows a chain back to its date, and says where a day is only a guess', () => {
    const journey = journeyOf([
      onDay('form', -60),
      {
        key: 'back',
        type: 'wait_for',
        event: 'form.submitted',
        when: { anchor: 'step:form' },
        limit: { offset: { weeks: 2 } },
      },
      on('remind', 'back', 'no', { when: { offset: { days: 1 }, at: '10:00' } }),
      { key: 'pause', type: 'delay', when: { anchor: 'step:form', offset: { days: 3 } } },
      { key: 'call', type: 'task', title: 'Ring' },
    ]);
    const [band] = toTimeline(journey).bands;
    expect(band?.items.map(({ key, day, certain }) => [key, day, certain])).toEqual([
      ['form', -60, true],
      ['back', -60, true],
      ['pause', -57, true],
      ['call', -57, true],
      ['remind', -45, false],
    ]);
    const pause = band?.items.find(({ key }) => key === 'pause');
    const wait = band?.items.find(({ key }) => key === 'back');
    expect(pause?.endX).toBe(pause?.x);
    expect((wait?.endX ?? 0) > (wait?.x ?? 0)).toBe(true);
  });

  it('folds long gaps and marks them', () => {
    const [band] = toTimeline(journeyOf([onDay('a', -90), onDay('b', -80), onDay('c', -7), onDay('d', -1)])).bands;
    expect(band?.items.map(({ x }) => x)).toEqual([0, 10, 14, 20]);
    expect(band?.folds).toEqual([{ fromDay: -80, toDay: -7, x: 12 }]);
    expect(band?.anchorX).toBe(21);
  });

  it('puts a couple on one calendar, what has no date yet beside it', () => {
    const journey = journeyOf([
      onDay('a', -7),
      onDay('b', 3, { when: { anchor: 'journey_start' } }),
      onDay('c', 0, { when: { anchor: 'date:tasting' } }),
    ]);
    const plan = planJourney(journey, couple('2027-06-12'), ledgerOf(), NOW);
    const { bands, undated } = toTimeline(journey, plan);
    expect(bands).toMatchObject([
      {
        anchor: 'calendar',
        items: [
          { key: 'b', day: 0, local: '2026-11-23T09:00' },
          { key: 'a', day: 194, local: '2027-06-05T09:00', state: 'planned' },
        ],
      },
    ]);
    expect(undated).toMatchObject([{ key: 'c', state: 'waiting' }]);
  });

  it('tells what the couple notices from what the team does', () => {
    const [band] = toTimeline(
      journeyOf([onDay('a', -7), { key: 'b', type: 'task', title: 'Ring', when: { anchor: 'wedding_date' } }]),
    ).bands;
    expect(band?.items.map(({ lane }) => lane)).toEqual(['couple', 'team']);
  });
});

describe('toList', () => {
  const journey = journeyOf([
    ask('q'),
    onDay('a', -7),
    on('n', 'q', 'no'),
    ask('inner', { in: { step: 'q', arm: 'yes' } }),
    on('deep', 'inner', 'yes'),
    on('y', 'q', 'yes'),
  ]);

  it('puts the arms right under their question, yes before no', () => {
    expect(toList(journey).map(({ key, depth, in: arm }) => [key, depth, arm?.arm ?? null])).toEqual([
      ['q', 0, null],
      ['inner', 1, 'yes'],
      ['deep', 2, 'yes'],
      ['y', 1, 'yes'],
      ['n', 1, 'no'],
      ['a', 0, null],
    ]);
  });

  it('says when in words, by the names of the steps', () => {
    expect(toList(journey).map(({ key, when }) => [key, when])).toEqual([
      ['q', 'right after the start'],
      ['inner', 'right after "q" says yes'],
      ['deep', 'right after "inner" says yes'],
      ['y', 'right after "inner"'],
      ['n', 'right after "q" says no'],
      ['a', '7 days before the wedding at 09:00'],
    ]);
  });

  it('stands in the order of time with a plan, what has no date at the end, each with its reason', () => {
    const steps = [onDay('late', -1), onDay('none', 0, { when: { anchor: 'date:tasting' } }), onDay('early', -9)];
    const dated = journeyOf(steps);
    const rows = toList(dated, planJourney(dated, couple('2027-06-12'), ledgerOf(), NOW));
    expect(rows.map(({ key }) => key)).toEqual(['early', 'late', 'none']);
    expect(rows[0]?.planned?.state).toBe('planned');
    expect(rows[2]?.why).toMatch(/tasting/);
  });
});

describe('toFlow', () => {
  const edges = ({ edges: all }: Flow): string[] =>
    all.map(({ from, to, kind, arm }) => `${from} ${arm ?? kind} ${to}`).sort();

  it('rejoins the arms at the next step of the level above', () => {
    const flow = toFlow(journeyOf([ask('q'), on('y', 'q', 'yes'), on('n', 'q', 'no'), onDay('a', -7)]));
    expect(edges(flow)).toEqual(['$start next q', 'a next $end', 'n rejoin a', 'q no n', 'q yes y', 'y rejoin a']);
  });

  it('leads an empty arm straight on', () => {
    const flow = toFlow(journeyOf([ask('q'), on('n', 'q', 'no'), onDay('a', -7)]));
    expect(edges(flow)).toEqual(['$start next q', 'a next $end', 'n rejoin a', 'q no n', 'q yes a']);
  });

  it('leads nested arms out to the level on which they end', () => {
    const flow = toFlow(
      journeyOf([ask('q'), ask('i', { in: { step: 'q', arm: 'yes' } }), on('d', 'i', 'no'), onDay('a', -7)]),
    );
    expect(edges(flow)).toEqual([
      '$start next q',
      'a next $end',
      'd rejoin a',
      'i no d',
      'i yes a',
      'q no a',
      'q yes i',
    ]);
  });

  it('shows from which step a time counts, where that is not the one before', () => {
    const flow = toFlow(journeyOf([onDay('a', -9), onDay('b', -8), onDay('c', 1, { when: { anchor: 'step:a' } })]));
    expect(edges(flow)).toContain('a counts c');
  });
});
