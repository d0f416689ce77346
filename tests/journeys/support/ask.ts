// Asks the planner about small journeys, written as a supplier would write them.
import { findErrors } from '../../../journeys/validate.ts';
import { parseDefinition, type JourneyDefinition } from '../../../journeys/definition.ts';
import { parseFacts, parseLedger, type Facts, type Ledger } from '../../../journeys/facts.ts';
import { planJourney } from '../../../journeys/plan-journey.ts';
import type { Plan, PlannedStep } from '../../../journeys/plan.ts';

export type Written = Record<string, unknown>;

/** When the couples of these tests booked, unless a test says otherwise: a Friday at ten in London. */
export const BOOKED = '2026-11-20T10:00:00Z';
/** When they marry: a Saturday. */
export const WEDDING = '2027-06-12';

export type Question = {
  steps: Written[];
  closing?: Written[];
  stops?: Written[];
  organization?: Written;
  client?: Written;
  execution?: Written;
  ledger?: Written[];
  now?: string;
} & Partial<Record<Exclude<keyof Facts, 'organization' | 'client' | 'execution'>, unknown>>;

/** An email to the couple, by its key. */
export function email(key: string, more: Written = {}): Written {
  return { key, type: 'email', template: key, ...more };
}

export function task(key: string, more: Written = {}): Written {
  return { key, type: 'task', title: `Do ${key}`, ...more };
}

/** So many days before (negative) or after the wedding, at nine. */
export function wedding(days: number, more: Written = {}): Written {
  return { anchor: 'wedding_date', offset: { days }, at: '09:00', ...more };
}

/** A row of the ledger which has been carried out. */
export function done(key: string, dueAt: string, more: Written = {}): Written {
  return { key, occurrence: 1, state: 'done', dueAt, plannedAt: BOOKED, endedAt: dueAt, ...more };
}

/** A row of the ledger which is still to come. */
export function recorded(key: string, dueAt: string | null, more: Written = {}): Written {
  return { key, occurrence: 1, state: 'planned', dueAt, plannedAt: BOOKED, ...more };
}

/** A definition which is valid, or the test is wrong. */
export function journeyOf(parts: Pick<Question, 'steps' | 'closing' | 'stops'>): JourneyDefinition {
  const result = parseDefinition({ schema: 1, name: 'Test', starts: { on: 'client.booked' }, ...parts });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const errors = findErrors(result.definition, {});
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return result.definition;
}

export function factsOf({ organization, client, execution, ...rest }: Omit<Question, 'steps'>): Facts {
  const { closing: _closing, stops: _stops, ledger: _ledger, now: _now, ...facts } = rest;
  const result = parseFacts({
    contacts: [{ id: 'c1', role: 'partner_1', email: 'a@example.com', phone: '+447700900123', isPrimary: true }],
    ...facts,
    organization: { zone: 'Europe/London', ...organization },
    client: { weddingOn: WEDDING, ...client },
    execution: { startedAt: BOOKED, ...execution },
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.facts;
}

export function ledgerOf(steps: Written[] = []): Ledger {
  const result = parseLedger({ steps });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.ledger;
}

export function ask(question: Question): Plan {
  const { steps, closing, stops, ledger, now = BOOKED, ...rest } = question;
  const definition = journeyOf({ steps, ...(closing && { closing }), ...(stops && { stops }) });
  return planJourney(definition, factsOf(rest), ledgerOf(ledger), now);
}

/** One line of a plan, by `key` or `key#occurrence`. */
export function line(plan: Plan, name: string): PlannedStep {
  const [key, occurrence = '1'] = name.split('#');
  const found = plan.steps.find((step) => step.key === key && step.occurrence === Number(occurrence));
  if (!found) throw new Error(`The plan has no ${name}: ${plan.steps.map((step) => step.key).join(', ')}.`);
  return found;
}

/** The plan in few words: key, state, reason and when it goes, or is due where it does not go. */
export function shortly(plan: Plan): string[] {
  return plan.steps.map(({ key, occurrence, state, reason, runAt, dueAt }) =>
    [occurrence === 1 ? key : `${key}#${occurrence}`, state, reason.code, runAt ?? dueAt ?? '-'].join(' '),
  );
}
