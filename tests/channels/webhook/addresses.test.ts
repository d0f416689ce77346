import { describe, expect, test } from 'vitest';
import { parseAllowList } from '../../../channels/webhook/allow-list.ts';
import { checkAddress } from '../../../channels/webhook/check-address.ts';
import { checkUrl } from '../../../channels/webhook/check-url.ts';
import { SPELLINGS } from './spellings.ts';

// The ranges of Svix's own test of its address filter, and what else IANA's special registries list.
const FORBIDDEN = `
  0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.1 100.127.255.254 100.100.100.200 127.0.0.1 127.255.255.255
  169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.255 192.0.2.1 192.88.99.1 192.168.0.1
  192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
  255.255.255.255 168.63.129.16 192.31.196.1 192.52.193.1 192.175.48.1
  :: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1 ::127.0.0.1 ::7f00:1
  64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:10::1 2001:20::1
  2001:db8::1 2002:7f00:1:: 2002::1 3fff::1 3fff:fff::1 4000::1 5f00::1 8000::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1
  fe80::1%eth0 fec0::1 febf::1 ff02::1 ff0e::1
`
  .trim()
  .split(/\s+/);
const PUBLIC = [
  '8.8.8.8',
  '1.1.1.1',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.0.1.1',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4009::200e',
  '::ffff:8.8.8.8',
];

describe('an address', () => {
  test.each(FORBIDDEN)('%s is no destination for a webhook', (address) => {
    expect(checkAddress(address, 443, [])).toMatchObject({ ok: false, reason: expect.stringMatching(/\w/) });
  });
  test.each(PUBLIC)('%s is a destination for a webhook', (address) => {
    expect(checkAddress(address, 443, [])).toEqual({ ok: true, exempt: false });
  });
  test.each(['', 'localhost', '0x7f.1', '2130706433', '017700000001', '127.1', '1.2.3.4.5', 'example.com', ':::'])(
    '%j is no address as a resolver gives it',
    (text) => {
      expect(checkAddress(text, 443, [])).toEqual({ ok: false, reason: 'not an IP address' });
    },
  );
});

describe('a webhook address', () => {
  test.each(SPELLINGS)('cannot be %s', (host) => {
    expect(checkUrl(`https://${host}:8443/hooks`)).toMatchObject({
      ok: false,
      code: expect.stringMatching(/refused$/),
    });
  });

  const refused: [string, string][] = [
    ['http://example.com/hooks', 'not_https'],
    ['ftp://example.com/hooks', 'not_a_url'],
    ['javascript:alert(1)', 'not_a_url'],
    ['file:///etc/passwd', 'not_a_url'],
    ['example.com/hooks', 'not_a_url'],
    ['', 'not_a_url'],
    ['https://', 'not_a_url'],
    ['https://user:pass@example.com/', 'has_login'],
    ['https://example.com@127.0.0.1/', 'has_login'],
    ['https://example.com:22/', 'port_refused'],
    ['https://example.com:25/', 'port_refused'],
    ['https://example.com:80/', 'port_refused'],
    ['https://example.com:6379/', 'port_refused'],
    ['https://example.com:7233/', 'port_refused'],
    ['https://8.8.8.8:5432/', 'port_refused'],
  ];
  test('has a bounded length', () => {
    expect(checkUrl(`https://example.com/${'a'.repeat(2100)}`)).toMatchObject({ ok: false, code: 'too_long' });
  });

  test.each(refused)('%s is refused: %s', (url, code) => {
    expect(checkUrl(url)).toMatchObject({ ok: false, code });
  });

  test.each([
    'https://example.com/hooks',
    'https://example.com:8443/a?b=c',
    'https://8.8.8.8/',
    'https://münchen.example/',
  ])('%s is fine', (url) => {
    expect(checkUrl(url)).toMatchObject({ ok: true });
  });
});

describe('the allow-list', () => {
  const list = (text: string) => {
    const parsed = parseAllowList(text);
    if (!parsed.ok) throw new Error(parsed.message);
    return parsed.list;
  };

  test('opens exactly the address and port it names', () => {
    const rules = list('127.0.0.1:8025');
    expect(checkUrl('http://127.0.0.1:8025/', rules)).toMatchObject({ ok: true, port: 8025 });
    expect(checkUrl('http://127.0.0.1:8026/', rules)).toMatchObject({ code: 'address_refused' });
    expect(checkAddress('127.0.0.2', 8025, rules).ok).toBe(false);
    expect(checkAddress('::1', 8025, rules).ok).toBe(false);
    expect(checkAddress('10.0.0.1', 8025, rules).ok).toBe(false);
  });

  test('reads ranges, both families and localhost', () => {
    const rules = list('10.20.0.0/16, [fd12::/64]:443, localhost:8025, fd99::1');
    expect(checkAddress('10.20.255.1', 9999, rules)).toEqual({ ok: true, exempt: true });
    expect(checkAddress('10.21.0.1', 9999, rules).ok).toBe(false);
    expect(checkAddress('fd12::5', 443, rules).ok).toBe(true);
    expect(checkAddress('fd12::5', 444, rules).ok).toBe(false);
    expect(checkAddress('fd99::1', 1, rules).ok).toBe(true);
    expect(checkAddress('::1', 8025, rules).ok).toBe(true);
    expect(checkAddress('::ffff:127.0.0.1', 8025, rules).ok).toBe(true);
  });

  test('says which entry it cannot read, and is empty when nothing is written', () => {
    for (const entry of ['example.com', '300.1.1.1', '10.0.0.0/33', '127.0.0.1:0', '127.0.0.1:99999', '127.1']) {
      expect(parseAllowList(`localhost,${entry}`)).toMatchObject({
        ok: false,
        message: expect.stringContaining(entry),
      });
    }
    expect(parseAllowList('')).toEqual({ ok: true, list: [] });
  });
});
