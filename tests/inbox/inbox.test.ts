import { mkdtempSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEmailChannel, type EmailChannel } from '../../channels/email.ts';
import { startInbox, type RunningInbox } from '../../cli/dev/inbox/start-inbox.ts';
import { readMail } from '../../channels/receipts/read-mail.ts';
import { anEmail, SENDER } from '../channels/support/an-email.ts';
import { eventually } from '../support/eventually.ts';

let dataFolder: string;
let inbox: RunningInbox;
let channel: EmailChannel;

async function start(): Promise<void> {
  inbox = await startInbox({ dataFolder });
  channel = createEmailChannel({ smtpUrl: inbox.smtpUrl, from: SENDER });
}
async function stop(): Promise<void> {
  await channel.close();
  await inbox.stop();
}
beforeEach(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'inbox-'));
  await start();
});
afterEach(async () => {
  await stop();
  rmSync(dataFolder, { recursive: true });
});

type Summary = { id: string; to: string[]; subject: string; preview: string };
async function list(query = ''): Promise<Summary[]> {
  const response = await fetch(`${inbox.inboxUrl}/api/messages${query}`);
  return ((await response.json()) as { messages: Summary[] }).messages;
}
async function fail(fault: object): Promise<Response> {
  return fetch(`${inbox.inboxUrl}/api/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });
}

describe('the dev inbox', () => {
  it('lists mails newest first and finds them by recipient, subject and text', async () => {
    await channel.send(anEmail({ to: { address: 'first@example.com' }, subject: 'Welcome' }));
    await channel.send(anEmail({ to: { address: 'second@example.com' }, subject: 'Balance', text: 'Fourteen days' }));
    expect((await list()).map((message) => message.subject)).toEqual(['Balance', 'Welcome']);
    expect((await list('?to=first@')).map((message) => message.subject)).toEqual(['Welcome']);
    expect((await list('?subject=bal')).map((message) => message.subject)).toEqual(['Balance']);
    expect((await list('?search=fourteen')).map((message) => message.subject)).toEqual(['Balance']);
    expect(await list('?channel=sms')).toEqual([]);
  });

  it('keeps mails over a restart, and a deleted one stays deleted', async () => {
    await channel.send(anEmail({ subject: 'Kept' }));
    await channel.send(anEmail({ subject: 'Deleted' }));
    const [deleted] = await list('?subject=Deleted');
    await fetch(`${inbox.inboxUrl}/api/messages/${deleted?.id}`, { method: 'DELETE' });
    await stop();
    await start();
    expect((await list()).map((message) => message.subject)).toEqual(['Kept']);
  });

  it('takes a deletion back, one message or all of them, also over a restart', async () => {
    const undo = async (): Promise<unknown> =>
      (await fetch(`${inbox.inboxUrl}/api/messages/undo`, { method: 'POST' })).json();
    for (const subject of ['First', 'Second']) await channel.send(anEmail({ subject }));
    const [second] = await list('?subject=Second');
    await fetch(`${inbox.inboxUrl}/api/messages/${second?.id}`, { method: 'DELETE' });
    expect(await undo()).toEqual({ restored: 1 });
    await fetch(`${inbox.inboxUrl}/api/messages`, { method: 'DELETE' });
    expect(await list()).toEqual([]);
    expect(await undo()).toEqual({ restored: 2 });
    expect(await undo()).toEqual({ restored: 0 });
    await stop();
    await start();
    expect((await list()).map((message) => message.subject)).toEqual(['Second', 'First']);
  });

  it('counts the messages of each channel, whichever is shown', async () => {
    await channel.send(anEmail());
    const answer = await fetch(`${inbox.inboxUrl}/api/messages?channel=sms`);
    expect(await answer.json()).toMatchObject({ total: 0, counts: { email: 1, sms: 0, whatsapp: 0, webhook: 0 } });
  });

  it('starts again after a kill in the middle of writing', async () => {
    await channel.send(anEmail({ subject: 'Whole' }));
    await stop();
    appendFileSync(join(dataFolder, 'inbox.ndjson'), '{"put":{"id":"half');
    await start();
    expect((await list()).map((message) => message.subject)).toEqual(['Whole']);
    writeFileSync(join(dataFolder, 'inbox.ndjson.new'), 'left over');
    await stop();
    await start();
    expect(await list()).toHaveLength(1);
  });

  it('gives back text, HTML, source and attachments as they came', async () => {
    const content = Buffer.from([0, 1, 2, 255]);
    await channel.send(
      anEmail({ attachments: [{ filename: 'plan ü.bin', contentType: 'application/octet-stream', content }] }),
    );
    const [summary] = await list();
    const base = `${inbox.inboxUrl}/api/messages/${summary?.id}`;
    const file = await fetch(`${base}/attachments/0`);
    expect(Buffer.from(await file.arrayBuffer()).equals(content)).toBe(true);
    expect(file.headers.get('content-disposition')).toContain('attachment');
    expect(await (await fetch(`${base}/source`)).text()).toContain('Subject: Your date is ours');
    expect(await (await fetch(base)).json()).toMatchObject({
      text: expect.stringContaining('see you in June') as string,
    });
  });

  it('lets a mail show itself and do nothing else', async () => {
    await channel.send(
      anEmail({ html: '<script>alert(1)</script><form action="https://example.com"></form><a href="/x">x</a>' }),
    );
    const [summary] = await list();
    const preview = await fetch(`${inbox.inboxUrl}/api/messages/${summary?.id}/html`);
    const policy = preview.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain('sandbox');
    expect(policy).not.toMatch(/allow-scripts|allow-same-origin|allow-forms|script-src/);
  });

  it('shows a mail by day or in the dark, whatever the browser is set to', async () => {
    await channel.send(anEmail({ html: '<style>@media (prefers-color-scheme: dark) { p { color: red } }</style>' }));
    const [summary] = await list();
    const shown = async (look: string): Promise<string> =>
      (await fetch(`${inbox.inboxUrl}/api/messages/${summary?.id}/html?${look}`)).text();
    expect(await shown('dark=on')).toContain('@media (min-width: 0)');
    expect(await shown('')).toContain('@media (max-width: 0)');
  });

  it('answers nobody who calls it by another name', async () => {
    const { port } = new URL(inbox.inboxUrl);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path: '/api/messages', headers: { host: 'evil.example.com' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });

  it('tells of a new mail at once', async () => {
    const controller = new AbortController();
    const events = await fetch(`${inbox.inboxUrl}/api/events`, { signal: controller.signal });
    const reader = events.body?.getReader();
    await channel.send(anEmail({ subject: 'Live' }));
    let heard = '';
    while (!heard.includes('Live')) {
      const part = await reader?.read();
      if (part?.value === undefined) throw new Error('the events ended');
      heard += Buffer.from(part.value).toString('utf8');
    }
    controller.abort();
    expect(heard).toContain('"kind":"added"');
  });
});

describe('a fault set up in the inbox', () => {
  it.each([
    ['refuse', 'refused', 0],
    ['defer', 'not_accepted', 0],
    ['refuse_after_data', 'refused', 0],
    ['defer_after_data', 'not_accepted', 0],
    ['drop_after_data', 'unknown', 1],
  ])('%s makes the next mail %s, with %i kept', async (kind, outcome, kept) => {
    await fail({ kind });
    expect((await channel.send(anEmail())).outcome).toBe(outcome);
    expect(await list()).toHaveLength(kept);
    expect((await channel.send(anEmail())).outcome).toBe('accepted');
  });

  it('can swallow a mail whose answer is lost', async () => {
    await fail({ kind: 'drop_after_data', keep: false });
    expect((await channel.send(anEmail())).outcome).toBe('unknown');
    expect(await list()).toEqual([]);
  });

  it('waits for its recipient, as often as it was told', async () => {
    await fail({ kind: 'refuse', to: 'Unlucky@example.com', times: 2 });
    const to = { address: 'unlucky@example.com' };
    const outcomes = [];
    for (const message of [anEmail(), anEmail({ to }), anEmail({ to }), anEmail({ to })]) {
      outcomes.push((await channel.send(message)).outcome);
    }
    expect(outcomes).toEqual(['accepted', 'refused', 'refused', 'accepted']);
  });

  it('is delivered twice by somebody on the way, who tells the sender nothing of it', async () => {
    await fail({ kind: 'deliver_twice' });
    expect((await channel.send(anEmail())).outcome).toBe('accepted');
    expect(await list()).toHaveLength(2);
  });

  it('answers late while the sender has stopped waiting', async () => {
    await fail({ kind: 'late_answer', delayMs: 3_000_000 });
    const result = await channel.send(anEmail(), { deadline: new Date(Date.now() + 300) });
    expect(result.outcome).toBe('unknown');
    expect(await list()).toHaveLength(1);
  });

  it('is refused with the reason when it makes no sense', async () => {
    const response = await fail({ kind: 'explode' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: 'invalid',
      message: expect.stringContaining('kind') as string,
    });
  });
});

describe('the links of a mail', () => {
  it('are listed, with what is wrong with them, and none is opened', async () => {
    const html =
      '<a href="https://example.com/a">fine</a><a href="http://example.com">plain</a><a href="">nowhere</a><a href="{{ x }}">left over</a><a href="http://127.0.0.1:8080/c/x">our own page</a>';
    await channel.send(anEmail({ html }));
    const [summary] = await list();
    const { links } = (await (await fetch(`${inbox.inboxUrl}/api/messages/${summary?.id}`)).json()) as {
      links: { problem?: string }[];
    };
    expect(links.map((link) => link.problem)).toEqual([
      undefined,
      'is not encrypted',
      'leads nowhere',
      'still holds a variable',
      undefined,
    ]);
  });
});

describe('a mail that comes back', () => {
  it.each([
    ['bounce_later', 'bounced', 'hard_bounce'],
    ['complain_later', 'complained', 'complaint'],
  ])('after %s is one that our reader understands', async (kind, event, suppression) => {
    await fail({ kind });
    const message = anEmail();
    expect((await channel.send(message)).outcome).toBe('accepted');
    const returned = await eventually('the mail comes back', async () =>
      (await list()).find(({ to }) => to.includes(SENDER.address)),
    );
    const source = await fetch(`${inbox.inboxUrl}/api/messages/${returned.id}/source`);
    const report = await readMail(Buffer.from(await source.arrayBuffer()), new Date());
    expect(report).toMatchObject({
      ok: true,
      receipts: [{ event, suppression, communicationId: message.id, recipient: message.to.address }],
    });
  });
});

describe('what a person does with a mail in the inbox', () => {
  const act = (path: string, body: object): Promise<Response> =>
    fetch(`${inbox.inboxUrl}/api/messages/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const comeBack = async () => {
    const returned = await eventually('the mail comes back', async () =>
      (await list()).find(({ to }) => to.includes(SENDER.address)),
    );
    const source = await fetch(`${inbox.inboxUrl}/api/messages/${returned.id}/source`);
    return readMail(Buffer.from(await source.arrayBuffer()), new Date());
  };

  it.each([
    [{ kind: 'bounce', status: '5.2.2' }, 'bounced'],
    [{ kind: 'complaint' }, 'complained'],
  ])('%j is a mail that our reader understands', async (body, event) => {
    const message = anEmail();
    await channel.send(message);
    const [caught] = await list();
    expect((await act(`${caught?.id}/return`, body)).status).toBe(204);
    expect(await comeBack()).toMatchObject({ receipts: [{ event, communicationId: message.id }] });
  });

  it('an answer is a mail that our reader takes for one to this message', async () => {
    const message = anEmail();
    await channel.send(message);
    const [caught] = await list();
    expect((await act(`${caught?.id}/reply`, { text: 'Yes, gladly. Ünder the öak!' })).status).toBe(200);
    expect(await comeBack()).toMatchObject({
      replies: [{ from: message.to.address, text: 'Yes, gladly. Ünder the öak!', communicationId: message.id }],
    });
  });

  it.each([
    ['nowhere/return', { kind: 'bounce' }, 404],
    ['nowhere/reply', { text: 'x' }, 404],
  ])('%s is refused', async (path, body, status) => {
    expect((await act(path, body)).status).toBe(status);
  });
});

describe('a webhook', () => {
  const call = (path: string): Promise<Response> =>
    fetch(`${inbox.inboxUrl}/webhooks/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'webhook-id': 'msg_1' },
      body: '{"type":"step.completed","data":{}}',
    });

  it('is kept with its headers and exact body', async () => {
    expect((await call('crm')).status).toBe(200);
    const [caught] = await list('?channel=webhook');
    expect(caught).toMatchObject({ subject: 'step.completed', to: ['/webhooks/crm'], providerId: 'msg_1' });
    expect(await (await fetch(`${inbox.inboxUrl}/api/messages/${caught?.id}/source`)).text()).toBe(
      '{"type":"step.completed","data":{}}',
    );
  });

  it('meets the fault that was set up for its path', async () => {
    await fail({ channel: 'webhook', kind: 'refuse', to: '/webhooks/crm', code: 503 });
    await fail({ channel: 'webhook', kind: 'drop_after_data' });
    expect((await call('other').catch(() => null))?.status).toBeUndefined();
    expect((await call('crm')).status).toBe(503);
    expect((await call('crm')).status).toBe(200);
    expect(await list('?channel=webhook')).toHaveLength(2);
  });
});
