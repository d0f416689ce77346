import { publicKeyOf } from './dkim-key.ts';

/** The part of a DNS resolver that is used here; `node:dns/promises` has it. */
export type TxtResolver = {
  resolveTxt(name: string): Promise<string[][]>;
  resolveMx(name: string): Promise<{ exchange: string }[]>;
};

export type DomainFinding = {
  subject: 'spf' | 'dkim' | 'dmarc' | 'mx';
  state: 'good' | 'warning' | 'bad';
  /** What was found, what it means, what to do. */
  message: string;
};

const NOT_THERE = ['ENOTFOUND', 'ENODATA', 'NXDOMAIN'];

/**
 * Whether mail of a domain will be believed: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489) and a way back. Large
 * mailbox providers refuse bulk mail without all of the first three.
 *
 * @param dkim the selector in use, and the record of our key where it is known
 */
export async function checkSenderDomain(
  domain: string,
  resolver: TxtResolver,
  dkim?: { selector: string; record?: string },
): Promise<DomainFinding[]> {
  return Promise.all([
    checkSpf(domain, resolver),
    ...(dkim === undefined ? [] : [checkDkim(domain, resolver, dkim)]),
    checkDmarc(domain, resolver),
    checkMx(domain, resolver),
  ]);
}

async function checkSpf(domain: string, resolver: TxtResolver): Promise<DomainFinding> {
  const records = (await texts(domain, resolver)).filter((text) => /^v=spf1(\s|$)/i.test(text));
  const [record] = records;
  if (record === undefined) {
    return {
      subject: 'spf',
      state: 'bad',
      message: `${domain} has no SPF record. Publish a TXT record that names your mail server, such as "v=spf1 include:... -all".`,
    };
  }
  if (records.length > 1) {
    return {
      subject: 'spf',
      state: 'bad',
      message: `${domain} has ${records.length} SPF records; receivers then ignore all of them. Keep one.`,
    };
  }
  if (/[+?]all\b/i.test(record)) {
    return {
      subject: 'spf',
      state: 'warning',
      message: `SPF allows every server to send for ${domain}. End it with "-all" or "~all".`,
    };
  }
  return { subject: 'spf', state: 'good', message: `SPF is published: ${record}` };
}

async function checkDkim(
  domain: string,
  resolver: TxtResolver,
  { selector, record }: { selector: string; record?: string },
): Promise<DomainFinding> {
  const name = `${selector}._domainkey.${domain}`;
  const published = (await texts(name, resolver)).find((text) => publicKeyOf(text) !== null);
  const advice =
    record === undefined ? 'Publish the record that your mail provider shows.' : `Publish a TXT record: ${record}`;
  if (published === undefined)
    return { subject: 'dkim', state: 'bad', message: `There is no DKIM key at ${name}. ${advice}` };
  if (publicKeyOf(published) === '')
    return { subject: 'dkim', state: 'bad', message: `The DKIM key at ${name} was withdrawn. ${advice}` };
  if (record !== undefined && publicKeyOf(published) !== publicKeyOf(record)) {
    return {
      subject: 'dkim',
      state: 'bad',
      message: `The DKIM key at ${name} is another than the one we sign with, so every signature fails. ${advice}`,
    };
  }
  return { subject: 'dkim', state: 'good', message: `A DKIM key is published at ${name}.` };
}

async function checkDmarc(domain: string, resolver: TxtResolver): Promise<DomainFinding> {
  // A subdomain without a policy of its own follows the domain above it (RFC 7489 6.6.3).
  const above = domain.split('.').slice(-2).join('.');
  for (const name of new Set([domain, above])) {
    const record = (await texts(`_dmarc.${name}`, resolver)).find((text) => /^v=DMARC1\b/i.test(text));
    if (record === undefined) continue;
    const policy = /(?:^|;)\s*p=(\w+)/i.exec(record)?.[1]?.toLowerCase();
    if (policy === undefined)
      return {
        subject: 'dmarc',
        state: 'bad',
        message: `The DMARC record of ${name} names no policy. Write "v=DMARC1; p=none".`,
      };
    if (policy === 'none')
      return {
        subject: 'dmarc',
        state: 'good',
        message: `DMARC is published for ${name}; with p=quarantine it would also stop forgeries.`,
      };
    return { subject: 'dmarc', state: 'good', message: `DMARC is published for ${name}: p=${policy}.` };
  }
  return {
    subject: 'dmarc',
    state: 'bad',
    message: `${domain} has no DMARC record. Publish a TXT record at _dmarc.${above}: "v=DMARC1; p=none".`,
  };
}

async function checkMx(domain: string, resolver: TxtResolver): Promise<DomainFinding> {
  const hosts = await orNone(resolver.resolveMx(domain));
  if (hosts.length > 0) return { subject: 'mx', state: 'good', message: `Answers to ${domain} have a mail server.` };
  return {
    subject: 'mx',
    state: 'warning',
    message: `${domain} takes no mail, so bounces and answers are lost. Publish an MX record, or use another address for answers.`,
  };
}

async function texts(name: string, resolver: TxtResolver): Promise<string[]> {
  return (await orNone(resolver.resolveTxt(name))).map((parts) => parts.join(''));
}

/** No record is an answer; a resolver that does not work is an error. */
async function orNone<T>(records: Promise<T[]>): Promise<T[]> {
  try {
    return await records;
  } catch (error) {
    if (NOT_THERE.includes(String((error as NodeJS.ErrnoException).code))) return [];
    throw error;
  }
}
