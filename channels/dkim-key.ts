import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

export type DkimKeyReading =
  | { ok: true; key: KeyObject; /** The TXT record that belongs at `<selector>._domainkey.<domain>`. */ record: string }
  | { ok: false; problem: string };

/**
 * Reads a DKIM key when it is saved. Checked here because the mail library sends unsigned, without a word, what it
 * cannot sign: only RSA will do (RFC 8463's ed25519 is not known to most receivers), of 1,024 bits or more (RFC 8301).
 */
export function readDkimKey(pem: string): DkimKeyReading {
  const key = parse(pem);
  if (key === undefined) return { ok: false, problem: 'This is not a private key in PEM form.' };
  if (key.asymmetricKeyType !== 'rsa') {
    return {
      ok: false,
      problem: `A DKIM key has to be an RSA key; this one is ${key.asymmetricKeyType ?? 'of another kind'}.`,
    };
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < 1_024)
    return { ok: false, problem: `The key has ${bits} bits; receivers want 1,024 or more, better 2,048.` };
  return { ok: true, key, record: recordOf(key) };
}

/** A new key of 2,048 bits, with the DNS record to publish. */
export function createDkimKey(): { pem: string; record: string } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return { pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), record: recordOf(privateKey) };
}

/** The public key inside a DKIM record, or null where the record has none (RFC 6376 3.6.1). */
export function publicKeyOf(record: string): string | null {
  return /(?:^|;)\s*p=([^;]*)/.exec(record)?.[1]?.replaceAll(/\s/g, '') ?? null;
}

function recordOf(key: KeyObject): string {
  const spki = createPublicKey(key.export({ type: 'pkcs8', format: 'pem' })).export({ type: 'spki', format: 'der' });
  return `v=DKIM1; k=rsa; p=${spki.toString('base64')}`;
}

function parse(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
