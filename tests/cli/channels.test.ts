import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startInbox, type RunningInbox } from '../../cli/dev/inbox/start-inbox.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { TEST_KEYS } from '../support/world.ts';
import { files, wedsync } from './run-wedsync.ts';

let inbox: RunningInbox;
beforeAll(async () => {
  inbox = await startInbox();
});
afterAll(() => inbox.stop());
const received = async (query: string): Promise<unknown[]> =>
  ((await (await fetch(`${inbox.inboxUrl}/api/messages?${query}`)).json()) as { messages: unknown[] }).messages;

describe('wedsync channels', () => {
  it('test email connects, signs and sends a mail', async () => {
    const key = await wedsync(['channels', 'dkim-key']);
    expect(key.stderr).toMatch(/^v=DKIM1; k=rsa; p=/m);
    const path = await files({ 'key.pem': key.stdout });
    const args = [
      '--smtp',
      inbox.smtpUrl,
      '--from',
      'hello@mail.example.com',
      '--to',
      'you@example.com',
      '--dkim-key',
      path('key.pem'),
      '--no-dns',
    ];
    const { code, stdout } = await wedsync(['channels', 'test', 'email', ...args]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        'Connection: accepted. The mail server is there and lets us in.\nTest mail: accepted. The mail server took the message.\n',
    });
    expect(await received('to=you@example.com')).toHaveLength(1);
  });

  it('takes secrets from standard input or the environment, where nobody sees them', async () => {
    const test = ['channels', 'test', 'email', '--from', 'a@example.com', '--no-dns', '--smtp'];
    const works = { code: 0, stdout: 'Connection: accepted. The mail server is there and lets us in.\n' };
    expect(await wedsync([...test, '-'], { input: `${inbox.smtpUrl}\n` })).toMatchObject(works);
    expect(await wedsync([...test, 'env:OUR_SMTP'], { env: { OUR_SMTP: inbox.smtpUrl } })).toMatchObject(works);
    expect(await wedsync([...test, 'env:NO_SUCH'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the variable NO_SUCH is not set') as string,
    });
  });

  it('set changes what is named, takes away what is none, and show tells it without secrets', async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.close());
    await database.query(`insert into app.organizations (name, slug) values ('Alder and Finch', 'alder-and-finch')`);
    const env = {
      DATABASE_URL: database.adminUrl,
      WEDSYNC_ENCRYPTION_KEYS: TEST_KEYS,
      OUR_SMTP: 'smtp://u:pw@a.example',
    };
    const who = ['--organization', 'alder-and-finch'];
    const set = (...options: string[]) => wedsync(['channels', 'set', 'email', ...who, ...options], { env });
    const first = ['--from', 'a@b.example', '--from-name', 'Alder', '--daily-limit', '50', '--smtp', 'env:OUR_SMTP'];
    expect(await set(...first)).toMatchObject({ code: 0 });
    expect(await set('--from', 'c@b.example', '--daily-limit', 'none')).toMatchObject({ code: 0 });
    expect(await set()).toMatchObject({ code: 2, stderr: expect.stringContaining('Say what to set') as string });
    const { stdout } = await wedsync(['channels', 'show', ...who], { env });
    expect(stdout).toMatch(
      /^email: its own sender\n\s+sender\s+Alder <c@b\.example>\n\s+credentials\s+own \(sealed\)\nsms:/,
    );
    expect(stdout).not.toContain('pw');
  });

  it('test email says what is wrong, with exit code 1', async () => {
    const { code, stdout } = await wedsync([
      'channels',
      'test',
      'email',
      '--smtp',
      'smtp://127.0.0.1:1',
      '--from',
      'a@example.com',
      '--no-dns',
    ]);
    expect({ code, stdout }).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('Connection: not_accepted [ESOCKET]') as string,
    });
  });

  it('test sms sends a text, and refuses what is no number', async () => {
    const env = { TWILIO_ACCOUNT_SID: inbox.twilio.accountSid, TWILIO_AUTH_TOKEN: inbox.twilio.authToken };
    const args = ['channels', 'test', 'sms', '--from', '+447700900900', '--base-url', inbox.twilio.baseUrl];
    const { code, stdout } = await wedsync([...args, '--to', '07700 900123', '--country', 'GB'], { env });
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Test text: accepted') as string,
    });
    expect(await received('to=%2B447700900123')).toHaveLength(1);
    expect(await wedsync([...args, '--to', 'mum'], { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no telephone number') as string,
    });
  });
});
