import { describe, expect, it } from 'vitest';
import { checkSenderDomain, type DomainFinding, type TxtResolver } from '../../channels/check-sender-domain.ts';
import { createDkimKey } from '../../channels/dkim-key.ts';

const { record } = createDkimKey();
const GOOD: Record<string, string[]> = {
  'mail.example.com': ['v=spf1 include:_spf.example.net -all', 'some other text'],
  'ws1._domainkey.mail.example.com': [record],
  '_dmarc.mail.example.com': ['v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com'],
};

function resolver(zone: Record<string, string[]>, mx = ['mx.example.com']): TxtResolver {
  const none = (): Error => Object.assign(new Error('not found'), { code: 'ENODATA' });
  return {
    async resolveTxt(name) {
      const found = zone[name];
      if (found === undefined) throw none();
      // As DNS gives long texts: in pieces.
      return found.map((text) => [text.slice(0, 200), text.slice(200)]);
    },
    async resolveMx() {
      if (mx.length === 0) throw none();
      return mx.map((exchange) => ({ exchange }));
    },
  };
}
const check = async (
  zone: Record<string, string[]>,
  mx?: string[],
): Promise<Record<string, DomainFinding['state']>> => {
  const findings = await checkSenderDomain('mail.example.com', resolver(zone, mx), { selector: 'ws1', record });
  return Object.fromEntries(findings.map(({ subject, state }) => [subject, state]));
};

describe('the DNS of a sender', () => {
  it('is good with SPF, our DKIM key, DMARC and a mail server', async () => {
    expect(await check(GOOD)).toEqual({ spf: 'good', dkim: 'good', dmarc: 'good', mx: 'good' });
  });

  it.each<[string, Record<string, string[]>, Record<string, string>]>([
    ['no record at all', {}, { spf: 'bad', dkim: 'bad', dmarc: 'bad' }],
    ['two SPF records', { ...GOOD, 'mail.example.com': ['v=spf1 -all', 'v=spf1 ~all'] }, { spf: 'bad' }],
    ['SPF for everybody', { ...GOOD, 'mail.example.com': ['v=spf1 +all'] }, { spf: 'warning' }],
    [
      'the key of somebody else',
      { ...GOOD, 'ws1._domainkey.mail.example.com': [createDkimKey().record] },
      { dkim: 'bad' },
    ],
    ['a key that was withdrawn', { ...GOOD, 'ws1._domainkey.mail.example.com': ['v=DKIM1; p='] }, { dkim: 'bad' }],
    [
      'DMARC without a policy',
      { ...GOOD, '_dmarc.mail.example.com': ['v=DMARC1; rua=mailto:x@example.com'] },
      { dmarc: 'bad' },
    ],
  ])('is told to have %s', async (_what, zone, expected) => {
    expect(await check(zone)).toMatchObject(expected);
  });

  it('takes the DMARC policy of the domain above', async () => {
    const { '_dmarc.mail.example.com': _own, ...rest } = GOOD;
    expect(await check({ ...rest, '_dmarc.example.com': ['v=DMARC1; p=none'] })).toMatchObject({ dmarc: 'good' });
  });

  it('warns where answers and bounces have nowhere to go', async () => {
    expect(await check(GOOD, [])).toMatchObject({ mx: 'warning' });
  });

  it('is not judged by a resolver that does not work', async () => {
    const broken: TxtResolver = {
      resolveTxt: () => Promise.reject(Object.assign(new Error('timeout'), { code: 'ETIMEOUT' })),
      resolveMx: () => Promise.reject(Object.assign(new Error('timeout'), { code: 'ETIMEOUT' })),
    };
    await expect(checkSenderDomain('mail.example.com', broken)).rejects.toThrow('timeout');
  });
});
