import { journeysNotBegun } from '../db/enrolments.ts';
import { loadProspects } from '../db/load-execution.ts';
import type { Trx } from '../db/tenant.ts';
import { explainStart } from '../journeys/explain-start.ts';
import { askStart } from './start-choice.ts';

/** A journey that a couple is not on, and what it begins with. */
export interface NotBegun {
  readonly journey: string;
  readonly why: string;
}

/**
 * The active journeys that a couple is not on and never was, each with what would set it off and whether its condition
 * holds for this couple; empty where there is no such couple.
 *
 * @param now ISO instant, to the second
 */
export async function whyNotBegun(trx: Trx, clientId: string, now: string): Promise<NotBegun[]> {
  const journeys = await journeysNotBegun(trx, clientId);
  const at = new Date(now);
  const known = await loadProspects(
    trx,
    journeys.map(({ journeyId, journeyVersionId }) => ({
      clientId,
      journeyId,
      journeyVersionId,
      triggerEvent: 'manual',
      triggerRef: null,
      triggerAt: at,
      triggerDetails: {},
      startedAt: at,
    })),
    now,
  );
  return journeys.flatMap(({ name, definition }, index) => {
    const one = known[index];
    return one ? [{ journey: name, why: explainStart(definition, askStart(definition, one, now)) }] : [];
  });
}
