import { describe, expect, it } from 'vitest';

import { parseDefinition } from '../../../journeys/definition.ts';
import { explain } from '../../../journeys/explain.ts';
import { parseFacts, type Ledger } from '../../../journeys/facts.ts';
import { planJourney } from '../../../journeys/plan-journey.ts';
import type { Plan } from '../../../journeys/plan.ts';

const STARTED = '2027-03-01T09:00:00Z';
const WROTE = '2027-03-02T10:00:00Z';
const UNTIL = '2027-03-03T10:00:00Z';

/** Everything is due an hour after the couple wrote. */
function planAt(now: string, steps: readonly object[], more: object = {}, ledger: Ledger = { steps: [] }): Plan {
  const parsed = parseDefinition({
    schema: 1,
    name: 'Talk',
    starts: { on: 'client.booked' },
    steps: steps.map((step) => ({ when: { anchor: 'journey_start', offset: { hours: 26 } }, ...step })),
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const hold = {
    scope: 'client',
    since: WROTE,
    until: UNTIL,
    purposes: ['service', 'marketing'],
    reason: 'they wrote',
  };
  const facts = parseFacts({
    organization: { zone: 'Europe/London' },
    execution: { startedAt: STARTED, holds: [hold], ...more },
    events: [{ name: 'reply', at: WROTE }],
  });
  if (!facts.ok) throw new Error(JSON.stringify(facts.problems));
  return planJourney(parsed.definition, facts.facts, ledger, now);
}
const stateOf = (plan: Plan, key: string): string | undefined => plan.steps.find((step) => step.key === key)?.state;

describe('a hold for some purposes', () => {
  const steps = [
    { key: 'friendly', type: 'email', template: 't' },
    { key: 'receipt', type: 'email', template: 't', purpose: 'transactional' },
    { key: 'venue', type: 'email', template: 't', to: 'role:venue' },
    { key: 'call', type: 'task', title: 'Call' },
  ];

  it('holds friendly messages to the couple until it ends, and nothing else', () => {
    const plan = planAt('2027-03-02T11:00:00Z', steps);
    const states = Object.fromEntries(plan.steps.map(({ key, state }) => [key, state]));
    expect(states).toEqual({ friendly: 'held', receipt: 'planned', venue: 'planned', call: 'planned' });
    const [friendly] = plan.steps;
    expect(friendly?.reason).toEqual({ code: 'paused', scope: 'client', until: UNTIL, why: 'they wrote' });
    expect(friendly && explain(friendly)).toBe(
      'Held until Wednesday 3 March 2027 at 10:00: this couple is paused (they wrote).',
    );
  });

  it('ends by itself: the plan is looked at again at that moment, and then it goes', () => {
    expect(planAt('2027-03-02T11:00:00Z', steps.slice(0, 1)).next).toEqual({ kind: 'wait', until: UNTIL });
    expect(planAt(UNTIL, steps.slice(0, 1)).next).toEqual({ kind: 'run', key: 'friendly', occurrence: 1 });
  });

  it('does not hold what the supplier wrote as the answer to the reply', () => {
    const asked = [
      { key: 'answered', type: 'wait_for', event: 'reply', when: { anchor: 'journey_start' } },
      { key: 'thanks', type: 'email', template: 't', in: { step: 'answered', arm: 'yes' }, when: undefined },
      { key: 'later', type: 'email', template: 't', when: { anchor: 'event:reply', offset: { hours: 1 } } },
    ];
    const ledger: Ledger = {
      steps: [
        {
          key: 'answered',
          occurrence: 1,
          state: 'done',
          outcome: 'yes',
          dueAt: WROTE,
          plannedAt: STARTED,
          endedAt: WROTE,
        },
      ],
    };
    const plan = planAt('2027-03-02T11:00:00Z', asked, {}, ledger);
    expect([stateOf(plan, 'thanks'), stateOf(plan, 'later')]).toEqual(['planned', 'planned']);
    const begun = planAt('2027-03-02T11:00:00Z', steps.slice(0, 1), { trigger: { event: 'reply', at: WROTE } });
    expect(stateOf(begun, 'friendly')).toBe('planned');
  });
});

describe('what a sending limit has put off', () => {
  it('says so, and is no attempt', () => {
    const later = '2027-03-03T09:00:00Z';
    const ledger: Ledger = {
      steps: [
        {
          key: 'friendly',
          occurrence: 1,
          state: 'planned',
          dueAt: '2027-03-02T11:00:00Z',
          plannedAt: STARTED,
          attempts: 0,
          nextAttemptAt: later,
          reason: { code: 'retry', attempts: 0, problem: 'Not today: the limit of 50 messages is reached.' },
        },
      ],
    };
    const plan = planAt(
      '2027-03-02T12:00:00Z',
      [{ key: 'friendly', type: 'email', template: 't', purpose: 'transactional' }],
      {},
      ledger,
    );
    const [line] = plan.steps;
    expect(line?.runAt).toBe(later);
    expect(line && explain(line)).toBe('Goes later. Not today: the limit of 50 messages is reached.');
  });
});
