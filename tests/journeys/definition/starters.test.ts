import { existsSync } from 'node:fs';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { isMessage } from '../../../journeys/definition.ts';
import { explain } from '../../../journeys/explain.ts';
import { parseFacts, type Channel, type Facts } from '../../../journeys/facts.ts';
import { planJourney } from '../../../journeys/plan-journey.ts';
import { simulate, type LogEntry } from '../../../journeys/simulate.ts';
import { validateDefinition } from '../../../journeys/validate.ts';
import { starters } from '../projections/starters.ts';

const NOW = '2026-11-20T10:00:00Z';
const LEAD_DAYS = [14, 60, 200, 400];
const TEMPLATES = new URL('../../../journeys/starters/templates/', import.meta.url);

/** A couple with addresses, consents and payments, who marry so many days from now. */
function couple(leadDays: number): Facts {
  const wedding = Temporal.PlainDate.from(NOW.slice(0, 10)).add({ days: leadDays });
  const result = parseFacts({
    organization: {
      zone: 'Europe/London',
      sendWindow: { from: '08:00', to: '20:00', days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] },
    },
    client: {
      weddingOn: wedding.toString(),
      weddingTime: '14:00',
      weddingZone: 'Europe/London',
      tags: ['full_day', 'full_planning'],
    },
    execution: { startedAt: NOW, trigger: { event: 'client.booked' } },
    contacts: [
      { id: 'c1', role: 'partner_1', email: 'alex@example.com', phone: '+447700900123', isPrimary: true },
      { id: 'c2', role: 'partner_2', email: 'sam@example.com', phone: '+447700900124' },
      { id: 'c3', role: 'venue', email: 'venue@example.com' },
      { id: 'c4', role: 'planner', email: 'planner@example.com' },
    ],
    payments: [
      { id: 'p1', kind: 'deposit', dueOn: wedding.subtract({ days: leadDays - 7 }).toString() },
      { id: 'p2', kind: 'balance', dueOn: wedding.subtract({ days: 7 }).toString() },
    ],
    consents: [{ channel: 'email', purpose: 'marketing', state: 'granted' }],
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.facts;
}

describe.each(starters())('the starter journey %s', (_, journey) => {
  it('has neither errors nor doubts, with the settings of an ordinary supplier', () => {
    const templates = new Map<string, Channel[]>();
    for (const step of [...journey.steps, ...(journey.closing ?? [])]) {
      if (!isMessage(step)) continue;
      const channels: Channel[] = [
        ...(existsSync(new URL(`${step.template}.mjml`, TEMPLATES)) ? (['email'] as const) : []),
        ...(existsSync(new URL(`${step.template}.liquid`, TEMPLATES)) ? (['sms', 'whatsapp'] as const) : []),
      ];
      templates.set(step.template, channels);
    }
    const { organization } = couple(200);
    expect(validateDefinition(journey, { organization, templates, marketingConsent: ['email'] })).toEqual({
      errors: [],
      warnings: [],
    });
  });

  it.each(LEAD_DAYS)(
    'previews for a couple who marry in %i days: every line with its reason, nothing in pieces',
    (days) => {
      const plan = planJourney(journey, couple(days), { steps: [] }, NOW);
      expect(plan.status).toBe('active');
      expect(plan.next.kind).not.toBe('finished');
      for (const step of plan.steps) {
        expect(['planned', 'waiting', 'held', 'will_skip', 'not_taken']).toContain(step.state);
        expect(explain(step)).toMatch(/^[A-Z"].*[.)]$/);
        expect(step.reason.code).not.toMatch(/no_address|no_consent|suppressed/);
      }
    },
  );

  it.each(LEAD_DAYS)('runs to its end for them, and never more than three messages a day', (days) => {
    const { log, plan, rounds } = simulate(journey, couple(days), []);
    expect(plan.status).toBe('completed');
    expect(rounds).toBeLessThan(2_000);
    const sent = log.filter(
      (entry): entry is Extract<LogEntry, { kind: 'step' }> => entry.kind === 'step' && entry.fate === 'sent',
    );
    const daily = Map.groupBy(sent, ({ local }) => local.slice(0, 10));
    expect(Math.max(0, ...[...daily.values()].map(({ length }) => length))).toBeLessThanOrEqual(3);
  });
});
