/** Keys for what leaves our hands encrypted. The first one encrypts; all of them decrypt, so that keys can change. */
export interface KeyRing {
  readonly current: { readonly id: string; readonly key: Buffer };
  readonly keys: ReadonlyMap<string, Buffer>;
}

/**
 * Reads `id:key,id:key`, each key 32 bytes in base64 (WEDSYNC_ENCRYPTION_KEYS).
 *
 * @throws Error that names the entry, never the key
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = new Map<string, Buffer>();
  for (const [index, entry] of text.split(',').entries()) {
    const [id = '', encoded = ''] = entry.trim().split(/:(.*)/s);
    const key = Buffer.from(encoded, 'base64');
    if (id === '' || key.length !== 32) {
      throw new Error(`Encryption key ${index + 1} is not of the form id:key with 32 bytes in base64.`);
    }
    if (keys.has(id)) throw new Error(`Encryption key id "${id}" occurs twice.`);
    keys.set(id, key);
  }
  const [current] = keys;
  if (current === undefined) throw new Error('There is no encryption key.');
  return { current: { id: current[0], key: current[1] }, keys };
}
