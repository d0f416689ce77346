import { parseDefinition, type JourneyDefinition } from '../../journeys/definition.ts';
import { parseFacts, parseLedger, type Facts, type Ledger } from '../../journeys/facts.ts';
import type { Problem } from '../../journeys/problem.ts';
import { Instant } from '../../journeys/words.ts';

/** A question to the planner, all of it checked. */
export type PlanRequest = {
  readonly definition: JourneyDefinition;
  readonly facts: Facts;
  readonly ledger: Ledger;
  /** ISO 8601 UTC with `Z`. */
  readonly now: string;
};

export type PlanRequestResult = { ok: true; request: PlanRequest } | { ok: false; problems: Problem[] };

/** Reads the four parts of a question; the path of each problem begins with the part. Never throws. */
export function parsePlanRequest(input: {
  definition?: unknown;
  facts?: unknown;
  ledger?: unknown;
  now?: unknown;
}): PlanRequestResult {
  const facts = parseFacts(input.facts);
  const context = facts.ok ? { organization: facts.facts.organization } : {};
  const definition = parseDefinition(input.definition, context);
  const ledger = parseLedger(input.ledger);
  const now = Instant.safeParse(input.now);
  if (definition.ok && facts.ok && ledger.ok && now.success) {
    return {
      ok: true,
      request: { definition: definition.definition, facts: facts.facts, ledger: ledger.ledger, now: now.data },
    };
  }
  const problems = [
    ...(definition.ok ? [] : definition.problems.map((problem) => within('definition', problem))),
    ...(facts.ok ? [] : facts.problems.map((problem) => within('facts', problem))),
    ...(ledger.ok ? [] : ledger.problems.map((problem) => within('ledger', problem))),
    ...(now.error?.issues ?? []).map(({ code, message }) => ({ code, path: 'now', message })),
  ];
  return { ok: false, problems };
}

function within(part: string, problem: Problem): Problem {
  // A send window that is wrong is told by where it stands in the facts, whoever found it.
  if (problem.path.startsWith('organization.')) return { ...problem, path: `facts.${problem.path}` };
  const dot = problem.path === '' || problem.path.startsWith('[') ? '' : '.';
  return { ...problem, path: `${part}${dot}${problem.path}` };
}
