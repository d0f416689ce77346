import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDkimKey, publicKeyOf, readDkimKey } from '../../channels/dkim-key.ts';

const pemOf = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('a DKIM key', () => {
  it('that was made here is read again, with the record to publish', () => {
    const { pem, record } = createDkimKey();
    const read = readDkimKey(pem);
    expect(read).toMatchObject({ ok: true, record });
    expect(publicKeyOf(record)).toMatch(/^MIIBIjANBgkq[A-Za-z0-9+/]+=*$/);
  });

  it.each([
    ['text', 'hello'],
    [
      'a public key',
      generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ],
    ['an ed25519 key', pemOf(generateKeyPairSync('ed25519').privateKey)],
    ['an RSA key of 512 bits', pemOf(generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey)],
  ])('is refused when it is %s', (_what, pem) => {
    expect(readDkimKey(pem)).toMatchObject({ ok: false, problem: expect.stringMatching(/\w/) as string });
  });
});
