import { setTimeout as delay } from 'node:timers/promises';

import { listBatches } from '../../db/enrolment-batches.ts';
import { refuse, type Refusal } from '../../services/executions/command.ts';
import { enrolSegment, type CouplePlan, type SegmentEnrolment } from '../../services/executions/enrol-segment.ts';
import { findJourney } from '../../services/executions/find-journey.ts';
import { OperatorError } from '../operator-error.ts';
import { table } from '../output/table.ts';
import { inOrganization, type OrganizationOptions } from './in-organization.ts';

type EnrolOptions = OrganizationOptions & {
  readonly journey: string;
  readonly client?: readonly string[];
  readonly status?: string;
  readonly tag?: string;
  readonly weddingFrom?: string;
  readonly weddingTo?: string;
  readonly dryRun?: boolean;
  readonly show: number;
  readonly wait: boolean;
};

/** Takes back what a rehearsal wrote, and brings its result out of the transaction. */
class Rehearsed extends Error {
  override readonly name = 'Rehearsed';
  readonly result: SegmentEnrolment | Refusal;
  constructor(result: SegmentEnrolment | Refusal) {
    super('only rehearsed');
    this.result = result;
  }
}

/** `wedsync executions enrol` */
export async function enrolAction(options: EnrolOptions): Promise<void> {
  const { client: clientIds, status, tag, weddingFrom, weddingTo, dryRun = false } = options;
  const segment = { clientIds, status, tag, weddingFrom, weddingTo };
  if (Object.values(segment).every((value) => value === undefined)) {
    throw new OperatorError('Name couples (--client) or what they have in common (--status, --tag, --wedding-from).');
  }
  const result = await inOrganization(options, async (trx, by) => {
    const journeyId = await findJourney(trx, options.journey);
    if (journeyId === null) return refuse('no_such_journey', `There is no journey "${options.journey}".`);
    const enrolled = await enrolSegment(trx, by, journeyId, segment, options.show);
    if (dryRun) throw new Rehearsed(enrolled);
    return enrolled;
  }).catch((error: unknown) => {
    if (error instanceof Rehearsed) return error.result;
    throw error;
  });
  tell(result, options);
  if (result.ok && result.batchId !== null && !dryRun && options.wait && options.json !== true) {
    await follow(result.batchId, options);
  }
}

function tell(result: SegmentEnrolment | Refusal, { json, dryRun = false }: EnrolOptions): void {
  if (!result.ok || result.unknown.length > 0) process.exitCode = 1;
  if (json === true) return console.log(JSON.stringify(result));
  if (!result.ok) return console.error(`Not done: ${result.message}`);
  const { enrolled, alreadyOnIt } = result;
  console.log(`${enrolled} ${enrolled === 1 ? 'couple' : 'couples'} ${dryRun ? 'would be ' : ''}put on the journey.`);
  if (alreadyOnIt > 0) console.log(`Passed over, because on it now or before: ${alreadyOnIt}. "restart" begins anew.`);
  for (const id of result.unknown) console.error(`Not done: there is no couple ${id}.`);
  for (const one of result.plans) console.log(`  ${lateJoin(one)}`);
  const hidden = result.enrolled - result.plans.length;
  if (hidden > 0) console.log(`  and ${hidden} more (--show <number> lists them)`);
}

/** Where a couple joins: what comes first, and what is too late for it. */
function lateJoin({ clientId, plan }: CouplePlan): string {
  const tooLate = plan.steps.filter(({ state }) => state === 'will_skip' || state === 'skipped').map(({ key }) => key);
  const first = plan.steps.find(({ state }) => state === 'planned');
  const next = first === undefined ? 'nothing is planned yet' : `first ${first.key} on ${first.local ?? '?'}`;
  return `${clientId}: ${next}${tooLate.length === 0 ? '' : `; too late: ${tooLate.join(', ')}`}`;
}

/** Says how far a batch is until all have begun; whoever stops looking stops nothing. */
async function follow(batchId: string, options: OrganizationOptions): Promise<void> {
  const again = `wedsync executions batches ${batchId} --organization ${options.organization}`;
  console.log(`They begin now. It goes on without you; look again: ${again}`);
  for (let last = -1; ;) {
    const [batch] = await inOrganization(options, (trx) => listBatches(trx, batchId));
    if (batch === undefined) return;
    if (batch.started !== last) console.log(`  ${batch.started} of ${batch.total} have begun`);
    if (batch.status === 'done') return;
    last = batch.started;
    await delay(1_000);
  }
}

/** `wedsync executions batches` */
export async function batchesAction(batchId: string | undefined, options: OrganizationOptions): Promise<void> {
  const batches = await inOrganization(options, (trx) => listBatches(trx, batchId ?? null));
  if (options.json === true) return console.log(JSON.stringify(batches));
  if (batches.length === 0) return console.log('None.');
  const rows = batches.map((batch) => [
    { text: batch.id },
    { text: batch.journey },
    { text: batch.createdAt.toISOString().slice(0, 16) },
    { text: batch.requestedBy },
    { text: `${batch.started}/${batch.total}` },
    { text: batch.status === 'done' ? 'all have begun' : 'beginning' },
  ]);
  console.log(table(['Batch', 'Journey', 'Since', 'By', 'Begun', 'State'], rows, process.stdout.columns ?? null));
}
