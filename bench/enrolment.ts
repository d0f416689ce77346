import { openDatabase } from '../db/database.ts';
import { withTenant } from '../db/tenant.ts';
import { enrolSegment } from '../services/executions/enrol-segment.ts';
import { measureBare } from './bare/measure-bare.ts';
import { book, seed } from './burst.ts';
import type { Measurement } from './measure.ts';
import { count, CROWD, figure, running, until, withPlatform, type BenchPlatform } from './platform.ts';

/** Enough for a steady rate. */
const BARE = 500;
/** Couples of this tag start no journey by themselves. */
const TAG = 'lead';

/**
 * Ten thousand couples put on a journey by one command: the rows, then the workflows at the pace of the batch, while a
 * mail of another couple falls due in the middle.
 */
export async function enrolmentBench(): Promise<Measurement[]> {
  return withPlatform(seed, measure);
}

async function measure({
  admin,
  apiUrl,
  temporal,
  temporalAddress,
  seeded: organizationId,
}: BenchPlatform<string>): Promise<Measurement[]> {
  const bare = await measureBare(temporalAddress, BARE);
  await book(admin, organizationId, TAG, CROWD);
  // What the relay does about ten thousand bookings is another bench.
  await admin.query(`update app.outbox set processed_at = now() where processed_at is null`);
  const { rows } = await admin.query<{ id: string }>(`select id from app.journeys where name = 'burst'`);
  const journeyId = rows[0]?.id ?? '';
  await book(admin, organizationId, 'soon', 1);
  const database = openDatabase({ url: apiUrl, poolSize: 1 });
  const begun = performance.now();
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const result = await withTenant(database, { organizationId, actor: 'bench' }, (trx) =>
    enrolSegment(trx, { actor: 'bench', now }, journeyId, { tag: TAG }),
  );
  const written = performance.now() - begun;
  await database.close();
  if (!result.ok) throw new Error(result.message);
  const planned = (): Promise<number> => count(admin, 'journey_executions', 'planned_at is not null');
  const progress = async (): Promise<string> => {
    const { rows: batches } = await admin.query<{ started: number }>(`select started from app.enrolment_batches`);
    return `${batches[0]?.started} are started, ${await planned()} are planned`;
  };
  const isDone = async (): Promise<boolean> => (await count(admin, 'enrolment_batches', `status = 'done'`)) === 1;
  await until('the batch is done', isDone, { progress });
  const started = performance.now() - begun;
  const plannedMeanwhile = await planned();
  const perSecond = (CROWD * 1_000) / (started - written);
  await until('Temporal lists all of them', async () => (await running(temporal)) >= CROWD + 1);
  const late = await until('the mail that was due has left', async () => {
    const { rows: mails } = await admin.query<{ late: number }>(
      `select extract(epoch from ended_at - due_at)::float8 as late from app.journey_step_executions where state = 'done'`,
    );
    return mails[0]?.late;
  });
  await until('all couples are planned', async () => (await planned()) >= CROWD + 1, { progress });
  const begunAll = performance.now() - begun;
  return [
    figure(`rows of ${CROWD} enrolments written`, written / 1_000, 's', { atMost: 3 }),
    figure('until all workflows were started', started / 1_000, 's', { atMost: 90 }),
    figure('planned by then', plannedMeanwhile, 'couples', null),
    figure('until each is planned and sleeps', begunAll / 1_000, 's', null),
    figure('started a second', perSecond, '/s', null),
    figure('bare workflows started a second on this server', bare.started, '/s', null),
    figure('ours against bare ones', perSecond / bare.started, 'x', null),
    figure('workflows in Temporal', await running(temporal), '', { atLeast: CROWD + 1 }),
    figure('a mail of another couple, due meanwhile, left after', late, 's', { atMost: 10 }),
  ];
}
