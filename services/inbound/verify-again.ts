import type { SealingKeys } from '../../channels/webhook/sealed-secret.ts';
import { acceptEvent, unverifiedEvents } from '../../db/inbound-desk.ts';
import type { InboundEndpoint } from '../../db/inbound.ts';
import type { Trx } from '../../db/tenant.ts';
import { idOf, parseBody, typeOf, verifyInbound } from './receive-inbound.ts';

/**
 * Checks what could not be verified once more, with the secrets as they are now and by the time at which it came: a
 * secret that was copied wrongly costs nothing. What fits is processed; an event that came again meanwhile is not.
 *
 * @returns how many are believed now
 */
export async function verifyAgain(
  trx: Trx,
  endpoint: InboundEndpoint,
  sealingKeys: SealingKeys,
  since: Date | null,
): Promise<number> {
  let accepted = 0;
  for (const { id, headers, rawBody, receivedAt } of await unverifiedEvents(trx, endpoint.id, since)) {
    const verification = verifyInbound(endpoint, { headers, rawBody }, sealingKeys, receivedAt);
    const parsed = parseBody(rawBody, headers['content-type']);
    if (!verification.ok || !parsed.ok) continue;
    const externalId = idOf(endpoint.provider, parsed.json, verification, rawBody);
    const event = { id, endpointId: endpoint.id, externalId, payload: parsed.json, eventType: typeOf(parsed.json) };
    if (await acceptEvent(trx, event)) accepted += 1;
  }
  return accepted;
}
