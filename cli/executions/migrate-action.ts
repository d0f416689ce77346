import type { ImpactStep } from '../../journeys/impact.ts';
import type { Refusal } from '../../services/executions/command.ts';
import { migrateExecution } from '../../services/executions/migrate-execution.ts';
import { previewMigration } from '../../services/executions/preview-migration.ts';
import { executionState } from '../../services/executions/execution-state.ts';
import { stateLine } from './command-action.ts';
import { inOrganization, type OrganizationOptions } from './in-organization.ts';

type MigrateOptions = OrganizationOptions & { readonly to: number; readonly dryRun?: boolean };

/** `wedsync executions migrate` */
export async function migrateAction(executionId: string, options: MigrateOptions): Promise<void> {
  const { to, json, dryRun = false } = options;
  const { preview, result, state } = await inOrganization(options, async (trx, by) => {
    const preview = await previewMigration(trx, executionId, to, by.now);
    const result = dryRun ? null : await migrateExecution(trx, by, executionId, to);
    return { preview, result, state: result?.ok === true ? await executionState(trx, executionId, by.now) : null };
  });
  const refused: Refusal | null = preview.ok ? (result?.ok === false ? result : null) : preview;
  if (refused !== null) process.exitCode = 1;
  if (json === true)
    return console.log(JSON.stringify(refused ?? { ...preview, ...result, ...(state === null ? {} : { state }) }));
  if (refused !== null) return console.error(`Not done: ${refused.message}`);
  if (!preview.ok) return;
  const { from, change } = preview;
  console.log(result?.message ?? `What would change from version ${from} to version ${to}:`);
  for (const step of change.steps) console.log(`  ${lineOf(step)}`);
  for (const name of change.hadAndRemoved) console.log(`  ${name}: was had already, and is no longer part of it`);
  if (change.steps.length === 0) console.log('  Nothing that is ahead changes.');
  if (state !== null) console.log(stateLine(state));
  if (!dryRun && result?.ok === true && result.changed) {
    console.log(
      `The way back: wedsync executions migrate ${executionId} --to ${from} --organization ${options.organization}`,
    );
  }
}

function lineOf({ name, kind, before, after }: ImpactStep): string {
  const from = before?.local?.replace('T', ' ') ?? 'no date';
  const to = after?.local?.replace('T', ' ') ?? 'no date';
  if (kind === 'gained') return `${name}: new, on ${to}`;
  if (kind === 'lost') return `${name}: falls away (was on ${from})`;
  return `${name}: ${kind}, from ${from} to ${to}`;
}
