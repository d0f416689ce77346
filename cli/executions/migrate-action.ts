import type { ImpactStep } from '../../journeys/impact.ts';
import type { Refusal } from '../../services/executions/command.ts';
import { migrateExecution } from '../../services/executions/migrate-execution.ts';
import { previewMigration } from '../../services/executions/preview-migration.ts';
import { inOrganization, type OrganizationOptions } from './in-organization.ts';

type MigrateOptions = OrganizationOptions & { readonly to: number; readonly dryRun?: boolean };

/** `wedsync executions migrate` */
export async function migrateAction(executionId: string, options: MigrateOptions): Promise<void> {
  const { to, json, dryRun = false } = options;
  const { preview, result } = await inOrganization(options, async (trx, by) => ({
    preview: await previewMigration(trx, executionId, to, by.now),
    result: dryRun ? null : await migrateExecution(trx, by, executionId, to),
  }));
  const refused: Refusal | null = preview.ok ? (result?.ok === false ? result : null) : preview;
  if (refused !== null) process.exitCode = 1;
  if (json === true) return console.log(JSON.stringify(refused ?? { ...preview, ...result }));
  if (refused !== null) return console.error(`Not done: ${refused.message}`);
  if (!preview.ok) return;
  const { from, change } = preview;
  console.log(result?.message ?? `What would change from version ${from} to version ${to}:`);
  for (const step of change.steps) console.log(`  ${lineOf(step)}`);
  for (const name of change.hadAndRemoved) console.log(`  ${name}: was had already, and is no longer part of it`);
  if (change.steps.length === 0) console.log('  Nothing that is ahead changes.');
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
