// A couple and a journey for comparisons, as the planner reads them.
import { parseDefinition, type JourneyDefinition } from '../../../journeys/definition.ts';
import { parseFacts, parseLedger, type Facts, type Ledger } from '../../../journeys/facts.ts';

export const NOW = '2026-11-20T10:00:00Z';

/** A journey of these steps; throws where it is not right, for a test that rests on a wrong one proves nothing. */
export function journeyOf(steps: unknown[], more: Record<string, unknown> = {}): JourneyDefinition {
  const result = parseDefinition({ schema: 1, name: 'Case', starts: { on: 'client.booked' }, steps, ...more });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.definition;
}

/** A couple in London who booked at `NOW`. */
export function couple(weddingOn: string | null, more: Record<string, unknown> = {}): Facts {
  const { client = {}, execution = {}, ...rest } = more;
  const result = parseFacts({
    organization: { zone: 'Europe/London' },
    client: { weddingOn, ...(client as object) },
    execution: { startedAt: NOW, ...(execution as object) },
    ...rest,
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.facts;
}

/** What already happened. */
export function ledgerOf(...steps: unknown[]): Ledger {
  const result = parseLedger({ steps });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.ledger;
}

/** A step that was done when it was due. */
export function done(key: string, at: string): unknown {
  return { key, state: 'done', dueAt: at, plannedAt: NOW, endedAt: at };
}

/** An email so many days from the wedding, at nine. */
export function onDay(key: string, days: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  const { when = {}, ...rest } = more;
  return {
    key,
    type: 'email',
    name: key.toUpperCase(),
    template: key,
    when: { anchor: 'wedding_date', offset: { days }, at: '09:00', ...(when as object) },
    ...rest,
  };
}
