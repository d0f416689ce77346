import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startInbox } from '../../cli/dev/inbox/start-inbox.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wedsync } from './run-wedsync.ts';

const STARTERS = join(import.meta.dirname, '../../journeys/starters/templates');
let folder: string;
let database: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'templates-'));
  database = await createTestDatabase();
  await database.query(`insert into app.organizations (name, slug) values ('Alder and Finch', 'alder-and-finch')`);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.close();
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
const inDatabase = () => ({ env: { DATABASE_URL: database.adminUrl } });

describe('wedsync templates', () => {
  it('check says which can be published', async () => {
    const { code, stdout } = await wedsync([
      'templates',
      'check',
      join(STARTERS, 'venue_welcome.mjml'),
      join(STARTERS, 'enquiry_ask_call.liquid'),
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/2 templates can be published\.\n$/);
  });

  it('check names what is wrong, with exit code 1', async () => {
    const bad = file('bad.liquid', '---\nname: Bad\nchannel: sms\n---\nHi {{ wedding.veneu }}');
    const { code, stdout } = await wedsync(['templates', 'check', bad]);
    expect(code).toBe(1);
    expect(stdout).toContain('Did you mean {{ wedding.venue }}?');
    const json = await wedsync(['templates', 'check', bad, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject([{ ok: false, findings: [{ code: 'unknown_variable' }] }]);
  });

  it.each([
    [['templates', 'check', '/nowhere']],
    [['templates', 'check', tmpdir() + '/.']],
    [['templates', 'render', '/nowhere.mjml']],
  ])('%j is a wrong usage with exit code 2', async (args) => {
    const { code, stderr } = await wedsync(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^wedsync: .*(?:no such file|no template here)/);
  });

  it('render shows the message of a sample couple, or of the values in a file', async () => {
    const template = file(
      'hello.liquid',
      '---\nname: Hello\nchannel: sms\n---\nHi {{ client.partner1.firstName }}, {{ wedding.venue }}',
    );
    expect((await wedsync(['templates', 'render', template])).stdout).toBe('Hi Niamh, Ashcombe Barn\n');
    const values = file('couple.yaml', 'client: { partner1: { firstName: Zoë } }');
    const missing = await wedsync(['templates', 'render', template, '--values', values]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('wedding.venue') as string });
  });

  it('import publishes once, changes what has changed, and export writes what import reads', async () => {
    const args = ['--organization', 'alder-and-finch'];
    const photographer = readdirSync(STARTERS)
      .filter((name) => /^photographer_(?:welcome|balance|tomorrow)/.test(name))
      .map((name) => join(STARTERS, name));
    const dry = await wedsync(['templates', 'import', ...photographer, ...args, '--dry-run'], inDatabase());
    expect(dry.stdout).toContain('Nothing was published');
    expect(await database.query('select 1 from app.communication_templates')).toEqual([]);

    const first = await wedsync(['templates', 'import', ...photographer, ...args], inDatabase());
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('added      photographer_welcome (version 1)') as string,
    });
    const second = await wedsync(['templates', 'import', ...photographer, ...args], inDatabase());
    expect(second.stdout).not.toMatch(/^(?:added|changed)/m);

    const out = join(folder, 'exported');
    await wedsync(['templates', 'export', out, ...args], inDatabase());
    expect(readdirSync(out)).toHaveLength(photographer.length);
    const again = await wedsync(['templates', 'import', out, ...args], inDatabase());
    expect(again.stdout).not.toMatch(/^(?:added|changed)/m);

    const welcome = join(out, 'photographer_welcome.mjml');
    writeFileSync(welcome, readFileSync(welcome, 'utf8').replace('Hello,', 'Good day,'));
    const changed = await wedsync(['templates', 'import', welcome, ...args], inDatabase());
    expect(changed.stdout).toBe('changed    photographer_welcome (version 2)\n');
  });

  it('a mail brings its files along: published with their version, compared, exported, sent', async () => {
    const args = ['--organization', 'alder-and-finch'];
    const pdf = (words: string): Buffer => Buffer.from(`%PDF-1.7\n% ${words}\n\u0000\u0001`, 'latin1');
    mkdirSync(join(folder, 'mails'));
    writeFileSync(join(folder, 'mails', 'prices.pdf'), pdf('2027'));
    writeFileSync(join(folder, 'mails', 'contact.vcf'), 'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Alder\r\nEND:VCARD\r\n');
    const prices = file(
      join('mails', 'prices.mjml'),
      '---\nname: Prices\nchannel: email\nsubject: Prices\nattachments: [prices.pdf, contact.vcf]\n---\n<mjml lang="en-GB"><mj-body><mj-section><mj-column><mj-text font-size="16px"><h1>Prices</h1></mj-text></mj-column></mj-section></mj-body></mjml>',
    );
    const publish = async (path: string): Promise<string> =>
      (await wedsync(['templates', 'import', path, ...args], inDatabase())).stdout;
    expect(await publish(prices)).toBe('added      prices (version 1)\n');
    writeFileSync(join(folder, 'mails', 'prices.pdf'), pdf('2028'));
    expect(await publish(prices)).toBe('changed    prices (version 2)\n');

    const out = join(folder, 'with-files');
    await wedsync(['templates', 'export', out, ...args], inDatabase());
    expect(readFileSync(join(out, 'prices_files', 'prices.pdf'))).toEqual(pdf('2028'));
    expect(await publish(join(out, 'prices.mjml'))).toBe('unchanged  prices\n');

    const inbox = await startInbox();
    onTestFinished(() => inbox.stop());
    await wedsync(['templates', 'send', prices, '--to', 'me@example.com'], { env: { SMTP_URL: inbox.smtpUrl } });
    const caught = await (await fetch(`${inbox.inboxUrl}/api/messages?to=me@example.com`)).json();
    const [mail] = (caught as { messages: { id: string }[] }).messages;
    const url = `${inbox.inboxUrl}/api/messages/${mail?.id}/attachments/0`;
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(pdf('2028'));
  });

  it('render and send show a real couple what it would get, and the test mail arrives', async () => {
    const [couple] = await database.query<{ id: string }>(
      `with client as (
         insert into app.clients (organization_id, partner_1_name, partner_2_name, status)
         select id, 'Maya Stone', 'Jonas Lind', 'booked' from app.organizations where slug = 'alder-and-finch'
         returning organization_id, id)
       insert into app.client_contacts (organization_id, client_id, role, contact_type, contact_value, is_primary)
       select organization_id, id, 'partner_1', 'email', 'maya@example.com', true from client returning client_id as id`,
    );
    const draft = file(
      'hi.mjml',
      '---\nname: Hi\nchannel: email\nsubject: Hi {{ client.coupleName }}\n---\n<mjml lang="en-GB"><mj-body><mj-section><mj-column><mj-text font-size="16px"><h1>Hi {{ recipient.firstName }}</h1></mj-text></mj-column></mj-section></mj-body></mjml>',
    );
    const who = ['--organization', 'alder-and-finch', '--client', 'maya@example.com'];
    const inbox = await startInbox();
    onTestFinished(() => inbox.stop());
    const { env } = inDatabase();
    expect((await wedsync(['templates', 'render', draft, ...who], { env })).stdout).toBe('Hi Maya\n');
    const sent = await wedsync(['templates', 'send', draft, ...who, '--to', 'me@example.com'], {
      env: { ...env, SMTP_URL: inbox.smtpUrl },
    });
    expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining('accepted') as string });
    const answer = await fetch(`${inbox.inboxUrl}/api/messages?to=me@example.com`);
    expect(await answer.json()).toMatchObject({ total: 1, messages: [{ subject: '[Test] Hi Maya & Jonas' }] });
    expect(await database.query('select 1 from app.communications where client_id = $1', [couple?.id])).toEqual([]);
  });

  it('send without anybody to send it says what to do', async () => {
    const { code, stderr } = await wedsync([
      'templates',
      'send',
      join(STARTERS, 'venue_welcome.mjml'),
      '--to',
      'me@example.com',
      '--data',
      folder,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('npm run dev') as string });
  });

  it('import of templates with errors publishes none of them', async () => {
    const bad = file('worse.liquid', '---\nname: Bad\nchannel: sms\n---\n{{ nothing.here }}');
    const good = file('good.liquid', '---\nname: Good\nchannel: sms\n---\nHello');
    const { code, stderr } = await wedsync(
      ['templates', 'import', bad, good, '--organization', 'alder-and-finch'],
      inDatabase(),
    );
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Nothing was published') as string,
    });
    expect(await database.query(`select 1 from app.communication_templates where name = 'good'`)).toEqual([]);
  });

  it('import for an organization that is not there says which are', async () => {
    const { code, stderr } = await wedsync(
      ['templates', 'import', join(STARTERS, 'enquiry_ask_call.liquid'), '--organization', 'nobody'],
      inDatabase(),
    );
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is: alder-and-finch') as string,
    });
  });
});
