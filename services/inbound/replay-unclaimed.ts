import type { Database } from '../../db/database.ts';
import { forgetUnclaimed, refusedUnclaimed } from '../../db/event-lists.ts';
import { withRelay } from '../../db/relay.ts';
import { judgePlatformStripe, takePlatformStripe } from './receive-platform-stripe.ts';

export interface ReplayedUnclaimed {
  /** Those of a connected account: they are processed now. */
  readonly taken: number;
  /** Believed now, but of an account that nobody has connected: they wait for it. */
  readonly waiting: number;
  /** Still not verified, or no events. */
  readonly refused: number;
}

/**
 * Lets what was refused at the platform's own Stripe address come once more, by the secrets as they are now and by the
 * time at which it came: a secret that was copied wrongly costs nothing. An event that Stripe sent again meanwhile is
 * not taken twice.
 *
 * @param databases opened as app_api, which takes in, and as app_relay, which sees what is nobody's
 */
export async function replayUnclaimed(
  databases: { readonly api: Database; readonly relay: Database },
  secrets: readonly string[],
): Promise<ReplayedUnclaimed> {
  let [taken, waiting, refused] = [0, 0, 0];
  for (const { id, headers, rawBody, receivedAt } of await withRelay(databases.relay, refusedUnclaimed)) {
    const judged = judgePlatformStripe(secrets, { headers, rawBody }, receivedAt);
    if (!judged.ok) {
      refused += 1;
      continue;
    }
    const reception = await takePlatformStripe(databases.api, { headers, rawBody }, judged);
    // It stands in a row of its own now, under its own id.
    await withRelay(databases.relay, (trx) => forgetUnclaimed(trx, id));
    if (reception.ok) taken += 1;
    else waiting += 1;
  }
  return { taken, waiting, refused };
}
