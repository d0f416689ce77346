import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { AllowList } from './allow-list.ts';
import { checkAddress } from './check-address.ts';
import { checkPort } from './check-url.ts';
import type { ResolveHost } from './resolve-host.ts';

/** Thrown into a connection that must not be made. The message holds no address. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  readonly code = 'ADDRESS_REFUSED';
}

/** Thrown where the caller took the attempt back before its first byte left. */
class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
  readonly code = 'GIVEN_UP';
}

export type GuardOptions = {
  allowList: AllowList;
  resolve: ResolveHost;
  signal: AbortSignal;
  /** Called with the connected socket's address before a byte of the request is written; rejecting gives it up. */
  onConnected: (remoteAddress: string) => Promise<void>;
  /** For tests with a certificate of their own; in production the system's authorities decide. */
  ca?: string;
};

type Connect = ReturnType<typeof buildConnector>;

/**
 * A connector which dials only addresses that webhooks may reach. Node asks no resolver for a host that is an address
 * already, so the host is checked here and everything a name resolves to in `lookup`; what was checked is what is
 * dialled, which leaves nothing to DNS rebinding. One forbidden address among the answers refuses them all.
 */
export function guardedConnector(options: GuardOptions): Connect {
  return (target, done) => {
    const host = target.hostname.replaceAll(/^\[|\]$/g, '');
    const port = target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : Number(target.port);

    const check = (addresses: readonly string[]): AddressRefusedError | null => {
      for (const address of addresses) {
        const result = checkAddress(address, port, options.allowList);
        if (!result.ok) return new AddressRefusedError(`The address leads to ${result.reason}.`);
        const rule = result.exempt ? null : checkPort(target.protocol, port);
        if (rule !== null) return new AddressRefusedError(rule.message);
      }
      return null;
    };

    const lookup: LookupFunction = (name, lookupOptions, answer) => {
      const refuse = (error: Error): void => answer(error, lookupOptions.all === true ? [] : '', 4);
      options.resolve(name, options.signal).then(
        (addresses) => {
          const refused = check(addresses);
          const [first] = addresses;
          if (refused !== null || first === undefined) return refuse(refused ?? new Error('The name has no address.'));
          if (lookupOptions.all !== true) return answer(null, first, isIP(first));
          return answer(
            null,
            addresses.map((address) => ({ address, family: isIP(address) })),
          );
        },
        (error: unknown) => refuse(error instanceof Error ? error : new Error(String(error))),
      );
    };

    const refused = isIP(host) === 0 ? null : check([host]);
    if (refused !== null) {
      done(refused, null);
      return;
    }
    const base = buildConnector({
      lookup,
      allowH2: false,
      maxCachedSessions: 0,
      autoSelectFamily: true,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
    base(target, (error, socket) => {
      if (error !== null || socket === null) {
        done(error ?? new Error('No connection was made.'), null);
        return;
      }
      const remote = socket.remoteAddress ?? '';
      // Says no only if the two checks above have a hole.
      const hole = check([remote]);
      if (hole !== null) {
        socket.destroy();
        done(hole, null);
        return;
      }
      options.onConnected(remote).then(
        () => done(null, socket),
        (reason: unknown) => {
          socket.destroy();
          done(new GivenUpError('The attempt was taken back.', { cause: reason }), null);
        },
      );
    });
  };
}
