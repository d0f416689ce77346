import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Keys for what is stored encrypted: the current one encrypts, all of them decrypt. */
export interface SealingKeys {
  readonly current: { readonly id: string; readonly key: Buffer };
  readonly keys: ReadonlyMap<string, Buffer>;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts a secret with AES-256-GCM as `length of the key id | key id | iv | ciphertext | tag`.
 *
 * @param owner whose secret it is, such as the organization's id: a sealed secret copied to another owner's row does
 *   not open there
 */
export function sealSecret(secret: string, owner: string, { current }: SealingKeys): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', current.key, iv);
  cipher.setAAD(Buffer.from(owner));
  const id = Buffer.from(current.id);
  return Buffer.concat([
    Buffer.from([id.length]),
    id,
    iv,
    cipher.update(secret, 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/**
 * Opens what `sealSecret` sealed.
 *
 * @throws where the key is not on the ring any more, the owner is another one, or the bytes were changed
 */
export function openSecret(sealed: Buffer, owner: string, { keys }: SealingKeys): string {
  const idEnd = 1 + (sealed[0] ?? 0);
  const id = sealed.subarray(1, idEnd).toString();
  const key = keys.get(id);
  if (key === undefined) throw new Error(`The secret was sealed with key "${id}", which is not on the key ring.`);
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(idEnd, idEnd + IV_BYTES));
  decipher.setAAD(Buffer.from(owner));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const text = decipher.update(sealed.subarray(idEnd + IV_BYTES, sealed.length - TAG_BYTES));
  return Buffer.concat([text, decipher.final()]).toString('utf8');
}
