import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { authenticate } from 'mailauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeEmail } from '../../channels/compose-email.ts';
import { createEmailChannel } from '../../channels/email.ts';
import { startInbox, type RunningInbox } from '../../cli/dev/inbox/start-inbox.ts';
import { anEmail, SENDER } from './support/an-email.ts';

let inbox: RunningInbox;
beforeAll(async () => {
  inbox = await startInbox();
});
afterAll(() => inbox.stop());

type Shown = {
  from: string;
  to: string[];
  subject: string;
  providerId: string;
  headers: { name: string; value: string }[];
};
async function received(communicationId: string): Promise<Shown[]> {
  const list = await fetch(`${inbox.inboxUrl}/api/messages?communicationId=${communicationId}`);
  const { messages } = (await list.json()) as { messages: { id: string }[] };
  return Promise.all(
    messages.map(async ({ id }) => (await fetch(`${inbox.inboxUrl}/api/messages/${id}`)).json() as Promise<Shown>),
  );
}

describe('an email', () => {
  it('arrives with its sender, subject and Message-ID, and the result carries that id', async () => {
    const channel = createEmailChannel({ smtpUrl: inbox.smtpUrl, from: SENDER });
    const message = anEmail({ subject: 'Zwölf Tage, und dann …' });
    const result = await channel.send(message);
    await channel.close();
    const [mail] = await received(message.id);
    expect(result).toMatchObject({ outcome: 'accepted', providerId: `<${message.id}.1@mail.example.com>` });
    expect(mail).toMatchObject({
      from: 'Alder and Finch <hello@mail.example.com>',
      to: ['sian.llewellyn@example.com'],
      subject: 'Zwölf Tage, und dann …',
      providerId: result.providerId,
    });
  });

  it('is the same to the byte however often it is composed', async () => {
    const message = anEmail({
      attachments: [{ filename: 'a.pdf', contentType: 'application/pdf', content: Buffer.from('x') }],
    });
    const [once, again] = [await composeEmail(message, SENDER), await composeEmail(message, SENDER)];
    expect(again.raw.equals(once.raw)).toBe(true);
    expect(again.sha256).toBe(once.sha256);
  });

  it('offers to stop with one click in one header line (RFC 2369, RFC 8058)', async () => {
    const url = `https://go.example.com/u/${'t'.repeat(90)}`;
    const { raw } = await composeEmail(anEmail({ unsubscribe: { url, mailto: 'unsubscribe@example.com' } }), SENDER);
    const head =
      raw
        .toString('latin1')
        .split('\r\n\r\n', 1)[0]
        ?.replaceAll(/\r\n[ \t]/g, ' ') ?? '';
    expect(head).toContain(`\r\nList-Unsubscribe: <${url}>, <mailto:unsubscribe@example.com>`);
    expect(head).toContain('\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click');
    expect(head.match(/^List-Unsubscribe:/gim)).toHaveLength(1);
  });

  it('keeps line breaks in names, subjects and headers from becoming headers of their own', async () => {
    const channel = createEmailChannel({ smtpUrl: inbox.smtpUrl, from: SENDER });
    const name = 'Eve\r\nBcc: evil@example.net';
    const message = anEmail({ to: { name, address: 'eve@example.com' } });
    await channel.send(message);
    const refused = await channel.send(anEmail({ subject: 'Hello\r\nBcc: evil@example.net' }));
    await channel.close();
    const [mail] = await received(message.id);
    expect(mail?.to).toEqual(['eve@example.com']);
    expect(mail?.headers.map((header) => header.name.toLowerCase())).not.toContain('bcc');
    expect(refused).toMatchObject({ outcome: 'refused', code: 'INVALID_MESSAGE' });
  });

  it.each([
    'a@example.com,b@example.org',
    'a@example.com b@example.org',
    '<a@example.com>',
    'a',
    'a@b@c',
    ' @example.com',
    'a@example.com\r\nRCPT TO:<b@example.org>',
  ])('goes to nobody when the address is %j', async (address) => {
    const channel = createEmailChannel({ smtpUrl: inbox.smtpUrl, from: SENDER });
    const message = anEmail({ to: { address } });
    const result = await channel.send(message);
    await channel.close();
    expect(result).toMatchObject({ outcome: 'refused', handling: 'suppress' });
    expect(await received(message.id)).toEqual([]);
  });

  it('tells a failure without the address of the recipient', async () => {
    await fetch(`${inbox.inboxUrl}/api/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        kind: 'refuse',
        text: '5.1.1 <private.person@example.com> unknown, call +44 7700 900123',
      }),
    });
    const channel = createEmailChannel({ smtpUrl: inbox.smtpUrl, from: SENDER });
    const result = await channel.send(anEmail({ to: { address: 'private.person@example.com' } }));
    await channel.close();
    expect(result).toMatchObject({ outcome: 'refused', handling: 'suppress', code: '550 5.1.1' });
    expect(JSON.stringify(result)).not.toMatch(/private|@example|900123/);
  });
});

describe('a signed email', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const dkim = { domain: 'mail.example.com', selector: 'ws1', privateKey };
  const record = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;
  const resolver = async (name: string, type: string): Promise<string[][]> => {
    if (type === 'TXT' && name === 'ws1._domainkey.mail.example.com') return [[record]];
    throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
  };
  async function verdict(raw: Buffer): Promise<{ result: string; signed: string }> {
    const { dkim: checked } = await authenticate(raw, { resolver, ip: '192.0.2.1', helo: 'x', sender: SENDER.address });
    const [first] = checked.results;
    return { result: first?.status.result ?? 'none', signed: first?.signingHeaders?.keys ?? '' };
  }
  const marketing = anEmail({ unsubscribe: { url: 'https://go.example.com/u1' } });

  it('passes an independent check, with both unsubscribe headers under the signature', async () => {
    const { raw } = await composeEmail(marketing, SENDER, dkim);
    const { result, signed } = await verdict(raw);
    expect(result).toBe('pass');
    expect(signed.toLowerCase()).toContain('list-unsubscribe:');
    expect(signed.toLowerCase()).toContain('list-unsubscribe-post');
  });

  it.each([
    ['its text', 'see you in June', 'see you in July'],
    ['its subject', 'Your date is ours', 'Your date is lost'],
    ['its way to unsubscribe', 'https://go.example.com/u1', 'https://go.example.com/u2'],
    ['its one-click header', 'List-Unsubscribe=One-Click', 'List-Unsubscribe=Two-Click'],
    // A changed body is "neutral" to mailauth (the body hash differs), a changed header "fail"; neither is a pass.
  ])('fails the check once %s has been changed', async (_what, from, to) => {
    const { raw } = await composeEmail(marketing, SENDER, dkim);
    const tampered = Buffer.from(raw.toString('latin1').replace(from, to), 'latin1');
    expect(tampered.equals(raw)).toBe(false);
    expect(['fail', 'neutral']).toContain((await verdict(tampered)).result);
  });

  it('is not sent unsigned when the key cannot sign', async () => {
    const ed25519 = createPrivateKey(
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    await expect(composeEmail(marketing, SENDER, { ...dkim, privateKey: ed25519 })).rejects.toThrow(/DKIM key/);
  });
});
