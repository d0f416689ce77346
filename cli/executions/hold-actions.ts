import { refuse } from '../../services/executions/command.ts';
import { findJourney } from '../../services/executions/find-journey.ts';
import { holdScope, releaseScope, type HoldResult, type HoldScope } from '../../services/executions/hold-scope.ts';
import type { LateAnswer } from '../../services/executions/resume-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, type OrganizationOptions } from './in-organization.ts';

type ScopeOptions = OrganizationOptions & {
  readonly all?: boolean;
  readonly journey?: string;
  readonly client?: string;
  readonly channel?: string;
};

/** `wedsync executions hold` */
export async function holdAction(options: ScopeOptions & { readonly reason: string }): Promise<void> {
  tell(
    options,
    await inOrganization(options, async (trx, by) => {
      const scope = await scopeOf(trx, options);
      return scope === null ? NO_JOURNEY : holdScope(trx, by, scope, options.reason);
    }),
  );
}

/** `wedsync executions release` */
export async function releaseAction(options: ScopeOptions & { readonly late: LateAnswer }): Promise<void> {
  tell(
    options,
    await inOrganization(options, async (trx, by) => {
      const scope = await scopeOf(trx, options);
      return scope === null ? NO_JOURNEY : releaseScope(trx, by, scope, options.late);
    }),
  );
}

const NO_JOURNEY = refuse('no_such_journey', 'There is no journey of that name or id.');

/** Exactly one of the four; null: the journey is not known. */
async function scopeOf(trx: Trx, { all, journey, client, channel }: ScopeOptions): Promise<HoldScope | null> {
  const named = [all === true ? 'all' : undefined, journey, client, channel].filter((one) => one !== undefined);
  if (named.length !== 1) throw new OperatorError('Name one thing: --all, --journey, --client or --channel.');
  if (client !== undefined) return { scope: 'client', clientId: client };
  if (channel === 'email' || channel === 'sms' || channel === 'whatsapp') return { scope: 'channel', channel };
  if (channel !== undefined) throw new OperatorError(`"${channel}" is no channel: email, sms or whatsapp.`);
  if (journey === undefined) return { scope: 'organization' };
  const journeyId = await findJourney(trx, journey);
  return journeyId === null ? null : { scope: 'journey', journeyId };
}

function tell({ json }: OrganizationOptions, result: HoldResult): void {
  if (json === true) console.log(JSON.stringify(result));
  else if (result.ok) console.log(result.message);
  else console.error(`Not done: ${result.message}`);
  if (!result.ok) process.exitCode = 1;
}
