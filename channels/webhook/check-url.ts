import { isIP } from 'node:net';
import type { AllowList } from './allow-list.ts';
import { checkAddress } from './check-address.ts';

export type UrlProblem =
  | 'not_a_url'
  | 'not_https'
  | 'has_login'
  | 'port_refused'
  | 'address_refused'
  | 'host_refused'
  | 'too_long';
export type UrlCheck = { ok: true; url: URL; port: number } | { ok: false; code: UrlProblem; message: string };

const LONGEST_URL = 2_048;
/**
 * Unprivileged ports on which databases, queues and orchestrators listen: none is a webhook receiver, some act on any
 * line that reaches them. Of the privileged ports only 443 is open.
 */
const INNER_PORTS: ReadonlySet<number> = new Set([
  1433, 1434, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5433, 5672, 5900, 5984, 5985, 5986,
  6000, 6379, 6443, 7000, 7001, 7233, 7473, 7474, 7687, 8086, 8300, 8500, 8600, 9042, 9092, 9160, 9200, 9300, 10250,
  10255, 11211, 15672, 25672, 26257, 27017, 27018, 28017, 50000, 50070,
]);
/** Names which by their standard never lead to the Internet (RFC 6761, 6762, 8375, ICANN for `internal`). */
const INNER_NAME = /(^|\.)(localhost|local|internal|intranet|home\.arpa|corp|lan)$/;

/**
 * What can be told about a webhook address without asking a name server; the rest is checked when it is dialled. An
 * address may be saved only if this says yes, and is asked again before every attempt.
 */
export function checkUrl(text: string, allowList: AllowList = []): UrlCheck {
  if (text.length > LONGEST_URL) return refuse('too_long', `A webhook address has at most ${LONGEST_URL} characters.`);
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') {
    return refuse('not_a_url', 'This is not a web address. It should look like https://example.com/hooks.');
  }
  if (url.username !== '' || url.password !== '') {
    return refuse('has_login', 'A webhook address holds no user name or password. Put them into a header instead.');
  }
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const host = hostOf(url);
  const literal = isIP(host) === 0 ? null : checkAddress(host, port, allowList);
  if (literal !== null && !literal.ok) {
    return refuse(
      'address_refused',
      `This address leads to ${literal.reason}. Webhooks go to the public Internet only.`,
    );
  }
  const inner = literal === null && INNER_NAME.test(host.replace(/\.$/, ''));
  // For names the exception, if there is one, shows only when the address is known.
  const perhapsExempt = literal?.exempt ?? allowList.length > 0;
  if (inner && !perhapsExempt) {
    return refuse(
      'host_refused',
      'This name leads to no machine on the Internet. Webhooks go to the public Internet only.',
    );
  }
  const rule = checkPort(url.protocol, port);
  if (rule !== null && !perhapsExempt) return rule;
  return { ok: true, url, port };
}

/** The rule for scheme and port, which an exception of the allow-list lifts. Null where there is no objection. */
export function checkPort(protocol: string, port: number): Extract<UrlCheck, { ok: false }> | null {
  if (protocol !== 'https:') {
    return refuse('not_https', 'Webhooks are sent over https only, because they carry data of couples.');
  }
  if (port !== 443 && (port < 1024 || INNER_PORTS.has(port))) {
    return refuse(
      'port_refused',
      `Port ${port} is not open to webhooks. Use 443, or one above 1023 that no database uses.`,
    );
  }
  return null;
}

/** The host without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replaceAll(/^\[|\]$/g, '');
}

function refuse(code: UrlProblem, message: string): Extract<UrlCheck, { ok: false }> {
  return { ok: false, code, message };
}
