import ipaddr from 'ipaddr.js';
import { type AllowList, isAllowListed } from './allow-list.ts';

export type AddressCheck = { ok: true; exempt: boolean } | { ok: false; reason: string };

/** IPv6 addresses of the Internet lie here (IANA); the library also calls ranges unicast that nobody was given. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Public by their number, internal by their use. */
const INTERNAL_BY_USE: readonly [ipaddr.IPv4, number][] = [
  // Host agent of Azure: hands out certificates and health of the machine it is asked from.
  ipaddr.IPv4.parseCIDR('168.63.129.16/32'),
];

/**
 * Whether a webhook may be sent to this address: only global unicast of either family, anything else only by the
 * allow-list. An IPv6 spelling of an IPv4 address is judged as the IPv4 address it reaches.
 *
 * @param text an address as a resolver or a socket gives it, not a host name
 */
export function checkAddress(text: string, port: number, allowList: AllowList): AddressCheck {
  const bare = text.replace(/%.*$/, '');
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) {
    return { ok: false, reason: 'not an IP address' };
  }
  const address = ipaddr.process(bare);
  if (isAllowListed(allowList, address, port)) return { ok: true, exempt: true };
  const range = rangeOf(address);
  return range === 'unicast' ? { ok: true, exempt: false } : { ok: false, reason: RANGE_WORDS[range] ?? range };
}

function rangeOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (address instanceof ipaddr.IPv6) {
    const range = address.range();
    return range === 'unicast' && !address.match(GLOBAL_IPV6) ? 'unassigned' : range;
  }
  return INTERNAL_BY_USE.some((rule) => address.match(rule)) ? 'cloud' : address.range();
}

/** For the owner of the endpoint, who may have meant well. */
const RANGE_WORDS: Readonly<Record<string, string>> = {
  loopback: 'the machine itself',
  private: 'a private network',
  uniqueLocal: 'a private network',
  linkLocal: 'a link-local network',
  carrierGradeNat: "a provider's inner network",
  unspecified: 'no particular machine',
  broadcast: 'a broadcast',
  multicast: 'a multicast group',
  reserved: 'a reserved range',
  unassigned: 'a range nobody was given',
  cloud: 'a cloud provider’s inner service',
};
