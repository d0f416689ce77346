import { openDatabase, type Database } from '../../db/database.ts';
import { couplePage } from '../../db/queries/couple-page.ts';
import { dashboard } from '../../db/queries/dashboard.ts';
import { dueNext } from '../../db/queries/due-next.ts';
import { journeyProgress } from '../../db/queries/journey-progress.ts';
import { messageLog } from '../../db/queries/message-log.ts';
import { searchClients } from '../../db/queries/search-clients.ts';
import { today } from '../../db/queries/today.ts';
import { askAsTenant, type Trx } from '../../db/tenant.ts';
import type { Measurement } from '../measure.ts';
import type { Seeded } from './seed.ts';

type Organization = Seeded['organizations'][number];

const DAY_MS = 86_400_000;

/** What the pages ask, by the names of the pages. */
const QUESTIONS: Readonly<Record<string, (trx: Trx, organization: Organization, round: number) => Promise<unknown>>> = {
  'couple page': (trx, { clientIds }, round) => couplePage(trx, clientIds[round % clientIds.length] ?? ''),
  today: (trx) => today(trx, new Date(), new Date(Date.now() + DAY_MS)),
  'journey progress': (trx, { journeyId }) => journeyProgress(trx, journeyId),
  'message log': (trx) => messageLog(trx, { limit: 50 }),
  'due next': (trx) => dueNext(trx, { from: new Date(), limit: 50 }),
  dashboard: (trx) => dashboard(trx),
  'search by name': (trx) => searchClients(trx, 'zoë 1'),
};

/** Enough that one pause of the machine does not decide a 95th percentile. */
const ROUNDS = 2_000;
/** A connection opens, and plans a statement anew five times before it keeps a plan; programs keep theirs for half an hour. */
const WARM_UP_PER_CONNECTION = 8;

/** Every question alone and with 16 at once, under row security; an organization asks as often as it has couples. */
export async function measureQuestions(workerUrl: string, seeded: Seeded): Promise<Measurement[]> {
  // With as many connections as a process has where nobody says otherwise: the others wait for their turn.
  const database = openDatabase({ url: workerUrl });
  try {
    const results: Measurement[] = [];
    for (const [name, ask] of Object.entries(QUESTIONS)) {
      for (const [atOnce, bound] of [
        [1, 10],
        [16, 25],
      ] as const) {
        const times = await measure(database, seeded, atOnce, ask);
        results.push({
          name: `${name}, p95 ${atOnce === 1 ? 'alone' : `with ${atOnce} at once`}`,
          median: percentile(times, 0.95),
          spread: [percentile(times, 0.5), percentile(times, 0.99)],
          unit: 'ms (p50, p99)',
          bound: { atMost: bound },
        });
      }
    }
    return results;
  } finally {
    await database.close();
  }
}

async function measure(
  database: Database,
  { organizations }: Seeded,
  atOnce: number,
  ask: (typeof QUESTIONS)[string],
): Promise<number[]> {
  const byCouple = organizations.flatMap((organization) => organization.clientIds.map(() => organization));
  const times: number[] = [];
  const warmUp = WARM_UP_PER_CONNECTION * atOnce;
  let round = 0;
  const asker = async (): Promise<void> => {
    while (round < warmUp + ROUNDS) {
      round += 1;
      const mine = round;
      const organization = byCouple[(mine * 7919) % byCouple.length];
      if (organization === undefined) return;
      const started = performance.now();
      await askAsTenant(database, { organizationId: organization.id, actor: 'bench' }, (trx) =>
        ask(trx, organization, mine),
      );
      if (mine > warmUp) times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, asker));
  return times;
}

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
