import type { Trx } from '../../db/tenant.ts';
import { explain } from '../../journeys/explain.ts';
import type { Commander, CommandResult } from '../../services/executions/command.ts';
import { executionState, type ExecutionState } from '../../services/executions/execution-state.ts';
import { dayAndTime } from '../output/plan-table.ts';
import { inOrganization, type OrganizationOptions } from './in-organization.ts';

/** Carries out one command and tells how the execution stands after it; a refusal is told and is exit code 1. */
export async function commandAction(
  options: OrganizationOptions,
  carryOut: (trx: Trx, by: Commander) => Promise<CommandResult>,
): Promise<void> {
  const { result, state } = await inOrganization(options, async (trx, by) => {
    const result = await carryOut(trx, by);
    return { result, state: result.ok ? await executionState(trx, result.executionId, by.now) : null };
  });
  if (!result.ok) process.exitCode = 1;
  if (options.json === true) return console.log(JSON.stringify(state === null ? result : { ...result, state }));
  if (!result.ok) return console.error(`Not done: ${result.message}`);
  console.log(result.message);
  if (state !== null) console.log(stateLine(state));
}

/** `Now active. Next: reminder (email), Mon 2027-03-29 09:00 Europe/London. Goes as planned.` */
export function stateLine({ status, isDue, next }: ExecutionState): string {
  if (next === null) return `Now ${status}. Nothing is ahead.`;
  const name = next.occurrence === 1 ? next.key : `${next.key} #${next.occurrence}`;
  const when = [dayAndTime(next), next.zone ?? ''].filter((part) => part !== '').join(' ');
  const moment = isDue
    ? 'now'
    : when === ''
      ? next.state
      : next.state === 'planned'
        ? when
        : `${next.state}, due ${when}`;
  return `Now ${status}. Next: ${name} (${next.type}), ${moment}. ${explain(next)}`;
}
