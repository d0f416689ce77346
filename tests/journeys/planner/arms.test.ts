// Rule 9 and arms: conditions, what stands on their arms, where arms rejoin, and what was never asked.
import { describe, expect, test } from 'vitest';
import { ask, BOOKED, done, email, line, recorded, shortly, task, wedding } from '../support/ask.ts';

const album = { field: 'client.tags', has: 'album' };
const fork = { key: 'q', type: 'condition', when: { anchor: 'journey_start' }, test: album };
const yes = (key: string, more = {}) => email(key, { in: { step: 'q', arm: 'yes' }, ...more });
const no = (key: string, more = {}) => email(key, { in: { step: 'q', arm: 'no' }, ...more });
const words = (plan: ReturnType<typeof ask>) => shortly(plan).map((text) => text.split(' ').slice(0, 3).join(' '));

describe('where arms rejoin', () => {
  const steps = [
    fork,
    yes('y'),
    no('n', { when: { offset: { days: 3 } } }),
    email('r', { when: { offset: { days: 1 } } }),
  ];

  test('the next step counts from the end of the arm that was taken', () => {
    const ledger = [done('q', BOOKED, { outcome: 'no' }), done('n', '2026-11-23T10:00:00Z')];
    expect(shortly(ask({ steps, ledger, now: '2026-11-23T10:00:00Z' })).at(-1)).toBe(
      'r planned on_time 2026-11-24T10:00:00Z',
    );
  });

  test('it counts from the condition where the arm taken is empty', () => {
    const onlyYes = steps.filter(({ key }) => key !== 'n');
    const ledger = [done('q', BOOKED, { outcome: 'no' })];
    expect(shortly(ask({ steps: onlyYes, ledger })).at(-1)).toBe('r planned on_time 2026-11-21T10:00:00Z');
  });

  test('it waits for the whole arm, with the last end as its forecast', () => {
    const ledger = [done('q', BOOKED, { outcome: 'no' })];
    const plan = ask({ steps, ledger });
    expect(line(plan, 'r')).toMatchObject({ state: 'waiting', dependsOn: 'n', dueAt: '2026-11-24T10:00:00Z' });
  });

  test('it includes arms further in', () => {
    const nested = [
      fork,
      { key: 'p', type: 'condition', in: { step: 'q', arm: 'yes' }, test: album },
      email('deep', { in: { step: 'p', arm: 'yes' }, when: { offset: { days: 5 } } }),
      email('r', { when: { offset: { days: 1 } } }),
    ];
    const ledger = [done('q', BOOKED, { outcome: 'yes' }), done('p', BOOKED, { outcome: 'yes' })];
    expect(line(ask({ steps: nested, ledger }), 'r')).toMatchObject({
      dependsOn: 'deep',
      dueAt: '2026-11-26T10:00:00Z',
    });
  });
});

describe('what is not taken', () => {
  test('takes with it what counts from it by name, but not what only follows it', () => {
    const steps = [
      fork,
      yes('y'),
      task('named', { when: { anchor: 'step:y' } }),
      task('next', { when: { offset: { hours: 1 } } }),
    ];
    const ledger = [done('q', BOOKED, { outcome: 'no' })];
    expect(words(ask({ steps, ledger }))).toEqual([
      'q done done',
      'y not_taken other_arm',
      'named not_taken dependency_not_taken',
      'next planned on_time',
    ]);
  });

  test('is both arms of a condition that was skipped or failed', () => {
    for (const state of ['skipped', 'failed']) {
      const plan = ask({ steps: [fork, yes('y'), no('n')], ledger: [done('q', BOOKED, { state })] });
      expect(words(plan).slice(1)).toEqual(['y not_taken other_arm', 'n not_taken other_arm']);
      expect(plan.status).toBe('completed');
    }
  });

  test('comes before a stop: what was decided stays decided', () => {
    const execution = { status: 'stopped', stoppedAt: '2027-01-10T09:00:00Z' };
    const ledger = [done('q', BOOKED, { outcome: 'yes' })];
    expect(
      words(
        ask({
          steps: [fork, yes('y', { when: wedding(-7) }), no('n')],
          ledger,
          execution,
          now: '2027-01-10T09:00:00Z',
        }),
      ),
    ).toEqual(['q done done', 'y skipped stopped', 'n not_taken other_arm']);
  });

  test('is what stands on an open condition when only the stage of the condition ends', () => {
    const steps = [{ ...fork, when: wedding(-7), stage: 'chase' }, yes('inside', { stage: 'chase' }), yes('outside')];
    const execution = { endedStages: [{ stage: 'chase', at: '2027-01-10T09:00:00Z' }] };
    expect(words(ask({ steps, execution, now: '2027-01-10T09:00:00Z' }))).toEqual([
      'q skipped stage_ended',
      'inside skipped stage_ended',
      'outside not_taken other_arm',
    ]);
  });
});

describe('a wait that counts from a message', () => {
  const steps = [
    email('ask_menu', { when: { anchor: 'journey_start' } }),
    {
      key: 'w',
      type: 'wait_for',
      event: 'form.submitted',
      when: { anchor: 'step:ask_menu' },
      limit: { offset: { days: 10 } },
    },
    email('thanks', { in: { step: 'w', arm: 'yes' } }),
    email('remind', { in: { step: 'w', arm: 'no' } }),
    task('after', { when: { offset: { days: 1 } } }),
  ];

  test('is not taken, with both arms, where the message was skipped: nothing was asked', () => {
    const ledger = [
      recorded('ask_menu', BOOKED, { state: 'skipped', endedAt: BOOKED, reason: { code: 'no_address' } }),
    ];
    expect(shortly(ask({ steps, ledger }))).toEqual([
      `ask_menu skipped no_address ${BOOKED}`,
      expect.stringMatching(/^w not_taken dependency_not_taken/),
      expect.stringMatching(/^thanks not_taken dependency_not_taken/),
      expect.stringMatching(/^remind not_taken dependency_not_taken/),
      'after planned on_time 2026-11-21T10:00:00Z',
    ]);
  });

  test('goes on where the message failed: somebody may have asked in another way', () => {
    const ledger = [done('ask_menu', BOOKED, { state: 'failed' })];
    expect(line(ask({ steps, ledger }), 'w').state).toBe('waiting');
  });

  test('ends with the stage, not as something never asked, where the stage ended both', () => {
    const staged = steps.map((step) => ({ ...step, stage: 'chase' }));
    const execution = { endedStages: [{ stage: 'chase', at: BOOKED }] };
    expect(words(ask({ steps: staged, execution })).slice(0, 3)).toEqual([
      'ask_menu skipped stage_ended',
      'w skipped stage_ended',
      'thanks skipped stage_ended',
    ]);
  });
});

describe('waits', () => {
  const wait = (more = {}) => ({
    key: 'w',
    type: 'wait_for',
    event: 'form.submitted',
    match: { form: 'menu' },
    limit: { offset: { days: 10 } },
    ...more,
  });
  const submitted = (at: string, form = 'menu') => ({ name: 'form.submitted', at, data: { form } });

  test('end with yes at once, also when the event came before they began', () => {
    const steps = [
      email('a', { when: { anchor: 'journey_start', offset: { days: 2 } } }),
      wait({ when: { anchor: 'step:a' } }),
    ];
    const ledger = [done('a', '2026-11-22T10:00:00Z')];
    const plan = ask({ steps, ledger, events: [submitted('2026-11-21T09:00:00Z')], now: '2026-11-22T10:00:00Z' });
    expect(shortly(plan)[1]).toBe('w planned on_time 2026-11-22T10:00:00Z');
    expect(plan.next).toEqual({ kind: 'run', key: 'w', occurrence: 1 });
  });

  test('end with no at their limit, also when the event comes later and nobody has looked yet', () => {
    const plan = ask({ steps: [wait()], events: [submitted('2026-12-02T09:00:00Z')], now: '2026-12-03T10:00:00Z' });
    expect(shortly(plan)).toEqual(['w planned overdue 2026-11-30T10:00:00Z']);
  });

  test('take an event of the very second of the limit for a yes', () => {
    const plan = ask({ steps: [wait()], events: [submitted('2026-11-30T10:00:00Z')], now: '2026-11-30T10:00:00Z' });
    expect(plan.next).toEqual({ kind: 'run', key: 'w', occurrence: 1 });
  });

  test('do not care for another form', () => {
    const plan = ask({
      steps: [wait()],
      events: [submitted('2026-11-21T09:00:00Z', 'music')],
      now: '2026-11-21T10:00:00Z',
    });
    expect(shortly(plan)).toEqual(['w waiting waiting_for_event 2026-11-30T10:00:00Z']);
  });

  test('have a limit with a time, days and an anchor of its own', () => {
    const limit = { offset: { days: 9 }, at: '09:00', days: 'working' };
    expect(line(ask({ steps: [wait({ limit })] }), 'w').dueAt).toBe('2026-11-30T09:00:00Z');
    const onWedding = { anchor: 'wedding_date', offset: { days: -75 } };
    expect(line(ask({ steps: [wait({ limit: onWedding })] }), 'w').dueAt).toBe('2027-03-29T08:00:00Z');
  });

  test('whose limit lies before their beginning are over when they begin', () => {
    const steps = [
      wait({
        when: { anchor: 'journey_start', offset: { days: 30 } },
        limit: { anchor: 'journey_start', offset: { days: 1 } },
      }),
    ];
    expect(line(ask({ steps }), 'w')).toMatchObject({ state: 'waiting', dueAt: '2026-12-20T10:00:00Z' });
    expect(ask({ steps, now: '2026-12-20T10:00:00Z' }).next.kind).toBe('run');
  });

  test('follow the event that set the journey off, though it came before the start', () => {
    const execution = { trigger: { event: 'form.submitted', at: '2026-11-20T09:59:00Z', form: 'menu' } };
    expect(ask({ steps: [wait()], execution }).next).toEqual({ kind: 'run', key: 'w', occurrence: 1 });
  });

  test('are skipped at the end of their use, and by their condition when they are over', () => {
    const useful = wait({ when: { anchor: 'journey_start', usefulUntil: { days: 3 } } });
    expect(ask({ steps: [useful] }).next).toEqual({ kind: 'wait', until: '2026-11-24T00:00:00Z' });
    expect(shortly(ask({ steps: [useful], now: '2026-11-24T00:00:00Z' }))[0]).toMatch(/^w will_skip past_useful/);
    const plan = ask({ steps: [wait({ onlyIf: album })], now: '2026-11-30T10:00:00Z' });
    expect(shortly(plan)).toEqual(['w will_skip only_if 2026-11-30T10:00:00Z']);
  });
});
