import { createHash, randomBytes } from 'node:crypto';

/** A new unguessable part of an inbound address: 32 random bytes. It is shown once; only its hash is kept. */
export function createInboundToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is kept and looked up. Null where this cannot be a token, so that nothing long or odd is hashed. */
export function inboundTokenHash(token: string): Buffer | null {
  return /^[A-Za-z0-9_-]{43}$/.test(token) ? createHash('sha256').update(token).digest() : null;
}
