import { sql } from 'kysely';

import { recallInWords, recallQueued } from '../../db/recall.ts';
import type { Trx } from '../../db/tenant.ts';
import { refuse, type Commander, type Refusal } from './command.ts';
import type { LateAnswer } from './resume-execution.ts';

/** What is held at once: everything, one journey, one couple, or one channel. */
export type HoldScope =
  | { readonly scope: 'organization' }
  | { readonly scope: 'journey'; readonly journeyId: string }
  | { readonly scope: 'client'; readonly clientId: string }
  | { readonly scope: 'channel'; readonly channel: 'email' | 'sms' | 'whatsapp' };

export type HoldResult = { readonly ok: true; readonly message: string; readonly changed: boolean } | Refusal;

/**
 * Holds what the scope names, and calls back what of it is queued and has not left; the executions hear of it by the
 * outbox. Held already: nothing changes.
 */
export async function holdScope(trx: Trx, by: Commander, scope: HoldScope, reason: string): Promise<HoldResult> {
  const { rows } = await sql`
    insert into app.holds (scope, journey_id, client_id, channel, since, reason, created_by)
    select ${scope.scope}, ${journeyOf(scope)}::uuid, ${clientOf(scope)}::uuid, ${channelOf(scope)}::text, ${by.now},
      ${reason}, ${by.userId ?? null}
    where not exists (select from app.holds h where ${matching(scope)} and h.cause = 'person'
      and (h.until is null or h.until > ${by.now}))
    returning id
  `.execute(trx);
  if (rows.length === 0) return { ok: true, changed: false, message: `${wordsOf(scope)} was held already.` };
  const back = await recallQueued(
    trx,
    {
      journeyId: journeyOf(scope) ?? undefined,
      clientId: clientOf(scope) ?? undefined,
      channel: channelOf(scope) ?? undefined,
    },
    'held',
  );
  return { ok: true, changed: true, message: `Held: ${wordsOf(scope)}.${recallInWords(back)}` };
}

/** Lets go what the scope names. */
export async function releaseScope(trx: Trx, by: Commander, scope: HoldScope, late: LateAnswer): Promise<HoldResult> {
  const { rows } = await sql`
    update app.holds h set released_at = greatest(${by.now}::timestamptz, since), released_by = ${by.userId ?? null},
      late = ${late}
    where ${matching(scope)}
    returning id
  `.execute(trx);
  if (rows.length === 0) return refuse('not_paused', `${wordsOf(scope)} is not held.`);
  return { ok: true, changed: true, message: `Goes on: ${wordsOf(scope)}.` };
}

const journeyOf = (scope: HoldScope): string | null => (scope.scope === 'journey' ? scope.journeyId : null);
const clientOf = (scope: HoldScope): string | null => (scope.scope === 'client' ? scope.clientId : null);
const channelOf = (scope: HoldScope): string | null => (scope.scope === 'channel' ? scope.channel : null);

function matching(scope: HoldScope) {
  return sql`h.scope = ${scope.scope} and h.released_at is null
    and h.journey_id is not distinct from ${journeyOf(scope)}::uuid
    and h.client_id is not distinct from ${clientOf(scope)}::uuid
    and h.channel is not distinct from ${channelOf(scope)}::text`;
}

function wordsOf(scope: HoldScope): string {
  if (scope.scope === 'organization') return 'everything';
  if (scope.scope === 'channel') return `all of ${scope.channel}`;
  return scope.scope === 'journey' ? 'the journey' : 'the couple';
}
