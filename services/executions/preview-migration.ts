import { loadVersion } from '../../db/enrolments.ts';
import { loadExecution } from '../../db/load-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import { impact, type CoupleImpact } from '../../journeys/impact.ts';
import { refuse, type Refusal } from './command.ts';

export type MigrationPreview = { readonly ok: true; readonly from: number; readonly change: CoupleImpact } | Refusal;

/**
 * What moving an execution to another version would change for its couple: steps that come earlier, later, are gained or
 * lost. Changes nothing.
 *
 * @param version number of the version
 * @param now ISO instant
 */
export async function previewMigration(
  trx: Trx,
  executionId: string,
  version: number,
  now: string,
): Promise<MigrationPreview> {
  const execution = await loadExecution(trx, executionId, now);
  if (execution === null) return refuse('not_found', `There is no execution ${executionId}.`);
  const to = await loadVersion(trx, execution.journeyId, version);
  if (to === null) {
    return refuse(
      'no_such_version',
      `"${execution.journeyName}" has no version ${version}; it is on ${execution.version}.`,
    );
  }
  const { couples } = impact(to.definition, [execution], now);
  const [change] = couples;
  if (change === undefined) throw new Error('The impact on one couple has no couple.');
  return { ok: true, from: execution.version, change };
}
