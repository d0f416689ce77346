import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** A key we sign with. One per endpoint and rotation. */
export type SigningKey = { kind: 'hmac'; secret: Buffer } | { kind: 'ed25519'; privateKey: KeyObject };

/** A key somebody's signature is checked with. */
export type VerifyingKey = { kind: 'hmac'; secret: Buffer } | { kind: 'ed25519'; publicKey: KeyObject };

export type KeyResult<Key> = { ok: true; key: Key } | { ok: false; message: string };

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const HMAC_BYTES = { least: 24, most: 64 };

/**
 * Reads a signing key in the spelling of Standard Webhooks 1.0.0: `whsec_` and 24 to 64 bytes in base64 (the prefix may
 * be left out), or `whsk_` and an ed25519 seed of 32 bytes, with or without its public key behind it.
 */
export function parseSigningKey(text: string): KeyResult<SigningKey> {
  if (text.startsWith('whpk_')) {
    return refuse('This is a public key (whpk_): it checks signatures and cannot make them. Give the whsk_ key.');
  }
  if (!text.startsWith('whsk_')) return parseSecret(text);
  const bytes = decode(text.slice('whsk_'.length));
  if (bytes === null || (bytes.length !== 32 && bytes.length !== 64)) {
    return refuse('A whsk_ key is the base64 of 32 or 64 bytes: the ed25519 seed, and perhaps its public key.');
  }
  const privateKey = privateKeyOf(bytes.subarray(0, 32));
  if (bytes.length === 64 && !rawPublicKey(privateKey).equals(bytes.subarray(32))) {
    return refuse('The two halves of this whsk_ key do not belong together. Copy it again, or make a new one.');
  }
  return { ok: true, key: { kind: 'ed25519', privateKey } };
}

/** Reads a key for checking: `whsec_` as above, `whpk_` and an ed25519 public key of 32 bytes in base64. */
export function parseVerifyingKey(text: string): KeyResult<VerifyingKey> {
  if (text.startsWith('whsk_')) {
    const signing = parseSigningKey(text);
    return signing.ok ? { ok: true, key: verifyingKeyOf(signing.key) } : signing;
  }
  if (!text.startsWith('whpk_')) return parseSecret(text);
  const bytes = decode(text.slice('whpk_'.length));
  if (bytes?.length !== 32) return refuse('A whpk_ key is the base64 of 32 bytes, an ed25519 public key.');
  const x = bytes.toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return { ok: true, key: { kind: 'ed25519', publicKey } };
}

/** What a receiver needs to check what `key` signed. */
export function verifyingKeyOf(key: SigningKey): VerifyingKey {
  return key.kind === 'hmac' ? key : { kind: 'ed25519', publicKey: createPublicKey(key.privateKey) };
}

/** A new random key in its spelling: `whsec_...` for `hmac`, `whsk_...` (seed and public key) for `ed25519`. */
export function generateSigningKey(kind: SigningKey['kind']): string {
  if (kind === 'hmac') return `whsec_${randomBytes(32).toString('base64')}`;
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = Buffer.from(String(privateKey.export({ format: 'jwk' }).d), 'base64url');
  return `whsk_${Buffer.concat([seed, rawPublicKey(privateKey)]).toString('base64')}`;
}

/** The `whpk_...` spelling of the public half, which may be shown to anyone. Null for a shared secret. */
export function publicKeyText(key: SigningKey): string | null {
  return key.kind === 'hmac' ? null : `whpk_${rawPublicKey(key.privateKey).toString('base64')}`;
}

function parseSecret(text: string): KeyResult<{ kind: 'hmac'; secret: Buffer }> {
  const secret = decode(text.startsWith('whsec_') ? text.slice('whsec_'.length) : text);
  if (secret === null) return refuse('A webhook secret is written as whsec_ and base64. This one is not base64.');
  if (secret.length < HMAC_BYTES.least || secret.length > HMAC_BYTES.most) {
    return refuse(
      `A webhook secret has ${HMAC_BYTES.least} to ${HMAC_BYTES.most} bytes; this one has ${secret.length}.`,
    );
  }
  return { ok: true, key: { kind: 'hmac', secret } };
}

function decode(text: string): Buffer | null {
  return BASE64.test(text) && text.length <= 200 ? Buffer.from(text, 'base64') : null;
}

function privateKeyOf(seed: Buffer): KeyObject {
  // PKCS #8 wants the public half too; DER with the seed alone lets OpenSSL work it out (RFC 8410 section 7).
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });
}

function rawPublicKey(privateKey: KeyObject): Buffer {
  const x = createPublicKey(privateKey).export({ format: 'jwk' }).x;
  return Buffer.from(String(x), 'base64url');
}

function refuse(message: string): { ok: false; message: string } {
  return { ok: false, message };
}
