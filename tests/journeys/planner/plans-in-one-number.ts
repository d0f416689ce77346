// Prints one number for the plans and sentences of all cases, and how this machine shows a moment.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parsePlanRequest } from '../../../cli/input/plan-request.ts';
import { explain } from '../../../journeys/explain.ts';
import { planJourney } from '../../../journeys/plan-journey.ts';

const cases = readFileSync(new URL('../../fixtures/planner-cases.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const hash = createHash('sha256');
for (const line of cases) {
  const asked = parsePlanRequest((JSON.parse(line) as { input: Record<string, unknown> }).input);
  if (!asked.ok) continue;
  const { definition, facts, ledger, now } = asked.request;
  const plan = planJourney(definition, facts, ledger, now);
  hash.update(JSON.stringify({ ...plan, sentences: plan.steps.map((step) => explain(step)) }));
}
console.log(hash.digest('hex'), new Date(Date.UTC(2027, 5, 12, 8)).toLocaleString());
