import { sql } from 'kysely';

import { loadVersion } from '../../db/enrolments.ts';
import { finishStep } from '../../db/step-effects.ts';
import type { Trx } from '../../db/tenant.ts';
import { occurrenceId } from '../../journeys/effects.ts';
import { moveLedger } from '../../journeys/move-ledger.ts';
import { planJourney } from '../../journeys/plan-journey.ts';
import { commandExecution, refuse, type Commander, type CommandResult } from './command.ts';

/**
 * Moves an execution to another version of its journey, by step key: what was done stays done, steps behind now are
 * recorded as skipped and never run, steps ahead are planned anew. The way back is the same command with the version
 * before; the trail has its number.
 *
 * @param version number of the version
 */
export function migrateExecution(
  trx: Trx,
  by: Commander,
  executionId: string,
  version: number,
): Promise<CommandResult> {
  return commandExecution(trx, by, executionId, 'migrated', async (execution) => {
    if (execution.version === version) {
      return { ok: true, executionId, changed: false, message: `On version ${version} already.` };
    }
    const to = await loadVersion(trx, execution.journeyId, version);
    if (to === null) {
      return refuse(
        'no_such_version',
        `"${execution.journeyName}" has no version ${version}; it is on ${execution.version}.`,
      );
    }
    const { facts, ledger } = execution;
    const moved = moveLedger(to.definition, facts, ledger, by.now);
    const plan = planJourney(to.definition, facts, moved, by.now);
    const before = new Map(ledger.steps.map((row) => [occurrenceId(row), row.state]));
    await sql`
      update app.journey_executions set journey_version_id = ${to.journeyVersionId} where id = ${executionId}
    `.execute(trx);
    for (const row of moved.steps) {
      if (row.state !== 'skipped' || before.get(occurrenceId(row)) === 'skipped') continue;
      const line = plan.steps.find((step) => occurrenceId(step) === occurrenceId(row));
      if (line === undefined || row.dueAt === null) continue;
      const reason = { code: 'past', was: row.dueAt } as const;
      await finishStep(trx, executionId, line, { state: 'skipped', at: by.now, reason });
    }
    const message = `Moved from version ${execution.version} to version ${version}.`;
    return { ok: true, executionId, changed: true, message };
  });
}
