import { insertExecution, publishedVersion } from '../../db/enrolments.ts';
import type { Trx } from '../../db/tenant.ts';
import { refuse, wakeExecution, type Commander, type CommandResult } from './command.ts';

/**
 * Puts a couple on a journey by hand. Who is, or was, on it already stays where they are: a second time is a restart.
 *
 * @param commandId the same id twice makes one execution
 */
export async function enrolClient(
  trx: Trx,
  by: Commander,
  enrolment: { readonly journeyId: string; readonly clientId: string; readonly commandId: string },
): Promise<CommandResult> {
  const { journeyId, clientId, commandId } = enrolment;
  const version = await publishedVersion(trx, journeyId);
  if (version === null) return refuse('no_such_journey', 'There is no published journey of that name or id.');
  const executionId = await insertExecution(trx, {
    journeyId,
    journeyVersionId: version.journeyVersionId,
    clientId,
    triggerKey: `by_hand/${commandId}`,
    triggerEvent: 'manual',
    triggerRef: null,
    triggerAt: new Date(by.now),
    triggerDetails: {},
    startedAt: new Date(by.now),
    unlessEarlier: 'any_before',
  });
  if (executionId === null) {
    return refuse('already_enrolled', 'The couple is or was on this journey already, or does not exist. Use restart.');
  }
  await wakeExecution(trx, executionId);
  return { ok: true, executionId, changed: true, message: `Put on "${version.name}".` };
}
