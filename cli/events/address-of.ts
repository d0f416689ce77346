import { listInboundEndpoints, lockInboundEndpoint } from '../../db/inbound-desk.ts';
import type { InboundEndpoint } from '../../db/inbound.ts';
import type { Trx } from '../../db/tenant.ts';
import { OperatorError } from '../operator-error.ts';

/** An address by its name or id. @throws OperatorError which names those there are */
export async function addressOf(trx: Trx, nameOrId: string): Promise<InboundEndpoint> {
  const found = await lockInboundEndpoint(trx, nameOrId);
  if (found !== null) return found;
  const names = (await listInboundEndpoints(trx)).map(({ name }) => name).join(', ') || 'none';
  throw new OperatorError(`There is no address "${nameOrId}". There is: ${names}.`);
}
