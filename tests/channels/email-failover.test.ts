import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEmailChannel } from '../../channels/email.ts';
import { createFailoverEmailChannel } from '../../channels/email-failover.ts';
import { anEmail, SENDER } from './support/an-email.ts';
import { startScriptedSmtp, type ScriptedSmtp, type SmtpFault } from './support/scripted-smtp.ts';

let first: ScriptedSmtp;
let second: ScriptedSmtp;
beforeEach(async () => {
  [first, second] = await Promise.all([startScriptedSmtp(), startScriptedSmtp()]);
});
afterEach(async () => {
  await Promise.all([first.stop(), second.stop()]);
});

function bothServers(firstUrl = first.url) {
  const impatient = { from: SENDER, replyTimeoutMs: 120, connectTimeoutMs: 120 };
  const servers = [
    createEmailChannel({ smtpUrl: firstUrl, ...impatient }),
    createEmailChannel({ smtpUrl: second.url, ...impatient }),
  ];
  return createFailoverEmailChannel({ servers, from: SENDER });
}

describe('a second mail server', () => {
  it.each<SmtpFault>([
    { stage: 'rcpt', action: { reply: '451 4.3.0 try later' } },
    { stage: 'mail', action: { reply: '450 4.7.1 slow down' } },
    { stage: 'data', action: 'rst' },
    { stage: 'dot', action: { reply: '452 4.3.1 full' } },
  ])('takes over after the certain failure $stage $action, with the same Message-ID', async (fault) => {
    const message = anEmail();
    first.failNext(fault);
    const channel = bothServers();
    const result = await channel.send(message);
    await channel.close();
    expect(result).toMatchObject({ outcome: 'accepted', providerId: `<${message.id}.1@mail.example.com>` });
    expect([...first.delivered, ...second.delivered]).toEqual([result.providerId]);
  });

  it('takes over where nothing listens at the first', async () => {
    const channel = bothServers('smtp://127.0.0.1:1');
    expect((await channel.send(anEmail())).outcome).toBe('accepted');
    await channel.close();
    expect(second.delivered).toHaveLength(1);
  });

  it.each<SmtpFault>([
    { stage: 'dot', action: 'fin', delivered: true },
    { stage: 'dot', action: 'silence', delivered: false },
  ])('is never asked once the first may have the message ($action)', async (fault) => {
    first.failNext(fault);
    const channel = bothServers();
    expect((await channel.send(anEmail())).outcome).toBe('unknown');
    await channel.close();
    expect(second.delivered).toEqual([]);
  });

  it('is never asked for a recipient whom the first refused for good', async () => {
    first.failNext({ stage: 'rcpt', action: { reply: '550 5.1.1 unknown' } });
    const channel = bothServers();
    expect((await channel.send(anEmail())).outcome).toBe('refused');
    await channel.close();
    expect(second.delivered).toEqual([]);
  });

  it('tells its caller once before the first byte leaves', async () => {
    first.failNext({ stage: 'dot', action: { reply: '451 4.3.0 try later' } });
    let told = 0;
    const channel = bothServers();
    await channel.send(anEmail(), { beforeHandOver: async () => void (told += 1) });
    await channel.close();
    expect(told).toBe(1);
  });
});
