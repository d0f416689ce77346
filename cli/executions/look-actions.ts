import { loadExecution } from '../../db/load-execution.ts';
import { listExecutions, type ExecutionFilter } from '../../services/executions/list-executions.ts';
import { planLoaded } from '../../services/executions/plan-loaded.ts';
import { whyNotBegun } from '../../services/why-not-begun.ts';
import { OperatorError } from '../operator-error.ts';
import { coloursFor } from '../output/colours.ts';
import { nextLine, planTable } from '../output/plan-table.ts';
import { table } from '../output/table.ts';
import { inOrganization, type OrganizationOptions } from './in-organization.ts';

/** `wedsync executions list` */
export async function listAction(
  options: OrganizationOptions & Omit<ExecutionFilter, 'clientId'> & { readonly client?: string },
): Promise<void> {
  const { client: clientId, journey, status, blocked, limit } = options;
  const isWhole = journey === undefined && status === undefined && blocked !== true;
  const [found, notBegun] = await inOrganization(options, async (trx, { now }) => [
    await listExecutions(trx, { clientId, journey, status, blocked, limit: Number.isInteger(limit) ? limit : 50 }),
    clientId === undefined || !isWhole ? [] : await whyNotBegun(trx, clientId, now),
  ]);
  if (options.json === true) return console.log(JSON.stringify(found));
  const colours = coloursFor(process.stdout, process.env);
  const rows = found.map((one) => [
    { text: one.id, paint: colours.dim },
    { text: one.couple, paint: colours.bold },
    { text: `${one.journey} v${one.version}` },
    {
      text: one.blocked ? `${one.status}, needs a person` : one.status,
      paint: one.blocked ? colours.red : colours.cyan,
    },
    { text: `${one.stepsCompleted}/${one.stepsTotal}` },
    { text: one.nextAction ?? '' },
  ]);
  console.log(
    found.length === 0 ? 'None.' : table(['Execution', 'Couple', 'Journey', 'State', 'Steps', 'Next'], rows, width()),
  );
  if (notBegun.length > 0) console.log(`\nNot begun:`);
  for (const { journey: name, why } of notBegun) console.log(`  ${colours.bold(name)}: ${why}`);
}

/** `wedsync executions show` */
export async function showAction(executionId: string, options: OrganizationOptions): Promise<void> {
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const execution = await inOrganization(options, (trx) => loadExecution(trx, executionId, now));
  if (execution === null) throw new OperatorError(`There is no execution ${executionId} in "${options.organization}".`);
  const plan = planLoaded(execution, now);
  const { journeyName, version, status, facts } = execution;
  if (options.json === true) return console.log(JSON.stringify({ executionId, journeyName, version, status, plan }));
  console.log(`${journeyName}, version ${version}: ${status}. Wedding ${facts.client.weddingOn ?? 'without a date'}.`);
  for (const hold of facts.execution.holds)
    console.log(`Held (${hold.scope}) since ${hold.since}: ${hold.reason ?? ''}`);
  console.log(`${planTable(plan, coloursFor(process.stdout, process.env), width())}\n${nextLine(plan)}`);
}

const width = (): number | null => process.stdout.columns ?? null;
