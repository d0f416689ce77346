import { Resolver } from 'node:dns/promises';

/** Answers with all addresses of a name, both families. Rejects with Node's DNS error codes. */
export type ResolveHost = (name: string, signal: AbortSignal) => Promise<string[]>;

/**
 * Asks the name servers directly. `getaddrinfo` would do it in one of four threads which databases and files need too,
 * and a name server that never answers could keep all of them busy; it also reads `/etc/hosts`, whose names are inner.
 */
export const resolveHost: ResolveHost = async (name, signal) => {
  // RFC 6761 6.3: these names are this machine, whatever a name server says.
  if (/(^|\.)localhost\.?$/.test(name)) return ['127.0.0.1', '::1'];
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const giveUp = (): void => resolver.cancel();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (addresses.length > 0) return addresses;
    // A name without an address of one family is common; the other family's error is the one that tells more.
    const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as DnsError] : []));
    throw errors.find((error) => error.code !== 'ENODATA') ?? errors[0] ?? new Error('The name has no address.');
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
};

type DnsError = Error & { code?: string };
