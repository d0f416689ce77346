import { createHmac, timingSafeEqual } from 'node:crypto';

const LOCAL = /^bounce\+([A-Za-z0-9-]{1,64})\.([0-9a-f]{16})@/;

/**
 * The envelope sender of a message (VERP): a bounce comes back to an address that names the message, and which cannot
 * be made up without the key.
 */
export function bounceAddressOf(communicationId: string, domain: string, key: Buffer): string {
  return `bounce+${communicationId}.${mark(communicationId, key)}@${domain}`;
}

/**
 * The communication of an address made by `bounceAddressOf`, or null where it was made up.
 *
 * @param keys all that are in use: a bounce may come days after a key was replaced
 */
export function readBounceAddress(address: string, keys: readonly Buffer[]): string | null {
  const [, id, given] = LOCAL.exec(address) ?? [];
  if (id === undefined || given === undefined) return null;
  return keys.some((key) => timingSafeEqual(Buffer.from(mark(id, key)), Buffer.from(given))) ? id : null;
}

function mark(communicationId: string, key: Buffer): string {
  // The same key seals other things; what is made of it here is of no use there.
  return createHmac('sha256', key).update('bounce address ').update(communicationId).digest('hex').slice(0, 16);
}
