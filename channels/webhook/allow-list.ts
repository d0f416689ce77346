import ipaddr from 'ipaddr.js';

/** A range of addresses, with one port or any, that webhooks may reach although it is not on the public Internet. */
export type AllowRule = { range: [ipaddr.IPv4 | ipaddr.IPv6, number]; port: number | null };
export type AllowList = readonly AllowRule[];

const ENTRY = /^(?<host>\[[0-9a-fA-F:.]+(?:\/\d+)?\]|[0-9.]+(?:\/\d+)?|localhost)(?::(?<port>\d{1,5}))?$/;

/**
 * Reads the list of exceptions: entries such as `localhost:8025`, `127.0.0.1`, `10.20.0.0/16:8443` or `[fd12::/64]:443`,
 * separated by commas. It is meant for development and for receivers in one's own network; empty means none.
 */
export function parseAllowList(text: string): { ok: true; list: AllowRule[] } | { ok: false; message: string } {
  const list: AllowRule[] = [];
  const entries = text.split(',').map((entry) => entry.trim());
  for (const entry of entries.filter((one) => one !== '')) {
    const rules = rulesOf(entry);
    if (rules === null) {
      return { ok: false, message: `"${entry}" is not an address, a CIDR range or localhost, with or without a port.` };
    }
    list.push(...rules);
  }
  return { ok: true, list };
}

/** True where a rule names this very address and port. */
export function isAllowListed(list: AllowList, address: ipaddr.IPv4 | ipaddr.IPv6, port: number): boolean {
  return list.some(
    (rule) =>
      (rule.port === null || rule.port === port) &&
      rule.range[0].kind() === address.kind() &&
      address.match(rule.range),
  );
}

function rulesOf(entry: string): AllowRule[] | null {
  // Bare IPv6 with a port cannot be told from a longer address, so a port wants the brackets.
  const groups = ENTRY.exec(entry)?.groups ?? {};
  const host = ipaddr.IPv6.isValid(entry) || ipaddr.IPv6.isValidCIDR(entry) ? entry : groups['host'];
  if (host === undefined) return null;
  const port = host === entry || groups['port'] === undefined ? null : Number(groups['port']);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  const names = host === 'localhost' ? ['127.0.0.0/8', '::1/128'] : [host.replaceAll(/[[\]]/g, '')];
  const ranges = names.map((name) => rangeOf(name));
  return ranges.every((range) => range !== null) ? ranges.map((range) => ({ range, port })) : null;
}

function rangeOf(text: string): AllowRule['range'] | null {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return null;
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
