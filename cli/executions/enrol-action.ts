import { enrolSegment, type SegmentEnrolment } from '../../services/executions/enrol-segment.ts';
import { findJourney } from '../../services/executions/find-journey.ts';
import { refuse, type Refusal } from '../../services/executions/command.ts';
import { inOrganization, type OrganizationOptions } from './in-organization.ts';

type EnrolOptions = OrganizationOptions & {
  readonly journey: string;
  readonly client?: string[];
  readonly status?: string;
  readonly tag?: string;
  readonly weddingFrom?: string;
  readonly weddingTo?: string;
  readonly dryRun?: boolean;
};

/** Takes back what a rehearsal wrote. */
class Rehearsed extends Error {
  override readonly name = 'Rehearsed';
}

/** `wedsync executions enrol` */
export async function enrolAction(options: EnrolOptions): Promise<void> {
  const { client: clientIds, status, tag, weddingFrom, weddingTo, dryRun = false } = options;
  const segment = { clientIds, status, tag, weddingFrom, weddingTo };
  if (Object.values(segment).every((value) => value === undefined)) {
    console.error('Not done: name couples (--client) or what they have in common (--status, --tag, --wedding-from).');
    process.exitCode = 1;
    return;
  }
  let result: SegmentEnrolment | Refusal = refuse('no_such_journey', `There is no journey "${options.journey}".`);
  await inOrganization(options, async (trx, by) => {
    const journeyId = await findJourney(trx, options.journey);
    if (journeyId !== null) result = await enrolSegment(trx, by, journeyId, segment);
    if (dryRun) throw new Rehearsed();
  }).catch((error: unknown) => {
    if (!(error instanceof Rehearsed)) throw error;
  });
  tell(result, options);
}

function tell(result: SegmentEnrolment | Refusal, { json, dryRun = false }: EnrolOptions): void {
  if (!result.ok) process.exitCode = 1;
  if (json === true) return console.log(JSON.stringify(result));
  if (!result.ok) return console.error(`Not done: ${result.message}`);
  console.log(`${result.enrolled} couples ${dryRun ? 'would be' : 'are'} put on the journey.`);
  for (const { clientId, plan } of result.plans) {
    const skipped = plan.steps.filter(({ state }) => state === 'will_skip' || state === 'skipped').length;
    const first = plan.steps.find(({ state }) => state === 'planned');
    const next = first === undefined ? 'nothing is planned yet' : `first ${first.key} on ${first.local ?? '?'}`;
    console.log(`  ${clientId}: ${next}${skipped === 0 ? '' : `, ${skipped} steps are too late`}`);
  }
}
