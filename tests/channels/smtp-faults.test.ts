import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assert, asyncProperty, boolean, constantFrom, nat } from 'fast-check';
import type { SendResult } from '../../channels/channel.ts';
import { createEmailChannel, type EmailChannel } from '../../channels/email.ts';
import { messageIdOf } from '../../channels/compose-email.ts';
import { anEmail, SENDER } from './support/an-email.ts';
import { startScriptedSmtp, type ScriptedSmtp, type SmtpFault, type SmtpStage } from './support/scripted-smtp.ts';

const BEFORE_THE_DOT: SmtpStage[] = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'body'];
const BREAKS = ['fin', 'rst', 'silence'] as const;
const TEMPORARY = ['421 4.3.2 closing', '450 4.2.1 busy', '451 4.7.1 greylisted', '452 4.3.1 full'];
const FOR_GOOD = ['550 5.1.1 no such user', '552 5.3.4 too big', '554 5.7.1 policy', '553 5.1.3 bad address'];

const FAULTS: SmtpFault[] = [
  ...BEFORE_THE_DOT.flatMap((stage) => BREAKS.map((action) => ({ stage, action }))),
  ...BREAKS.flatMap((action) => [true, false].map((delivered) => ({ stage: 'dot' as const, action, delivered }))),
  ...(['mail', 'rcpt', 'data', 'dot'] as const).flatMap((stage) =>
    [...TEMPORARY, ...FOR_GOOD].map((reply) => ({ stage, action: { reply } })),
  ),
];

let server: ScriptedSmtp;
const open: EmailChannel[] = [];
beforeAll(async () => {
  server = await startScriptedSmtp();
});
afterAll(async () => {
  await Promise.all(open.map((channel) => channel.close()));
  await server.stop();
});

/** A channel without a connection yet; impatient, so that silence is told apart quickly. */
function freshChannel(): EmailChannel {
  const channel = createEmailChannel({
    smtpUrl: server.url,
    from: SENDER,
    maxConnections: 1,
    replyTimeoutMs: 120,
    connectTimeoutMs: 120,
  });
  open.push(channel);
  return channel;
}

/** Sends until there is nothing more to do, as a step with this `ifUnknown` would; gives every attempt's result. */
async function carryOut(
  channel: EmailChannel,
  ifUnknown: 'assume_sent' | 'resend_once',
  message = anEmail(),
): Promise<SendResult[]> {
  const results: SendResult[] = [];
  let resent = false;
  for (;;) {
    const result = await channel.send(message);
    results.push(result);
    const again =
      result.outcome === 'not_accepted' || (result.outcome === 'unknown' && ifUnknown === 'resend_once' && !resent);
    if (!again) return results;
    if (result.outcome === 'unknown') resent = true;
  }
}

function copies(id: string): number {
  return server.delivered.filter((delivered) => delivered === messageIdOf(id, SENDER.address)).length;
}

/** What may be said of a fault, with the number of copies that must then have arrived. */
function truths(fault: SmtpFault, reused: boolean): { outcome: string; arrived: number }[] {
  const copiesAfterDot = fault.delivered === true ? 1 : 0;
  if (typeof fault.action !== 'string') {
    const temporary = fault.action.reply.startsWith('4');
    // Of a message that had not begun, the pool may make a second try by itself when the server closes an old connection.
    const tryAgain = reused && fault.action.reply.startsWith('421') && fault.stage !== 'dot';
    return [{ outcome: temporary ? 'not_accepted' : 'refused', arrived: 0 }, ...(tryAgain ? [ACCEPTED] : [])];
  }
  // Lost after the dot is never called "surely not sent": a retry would be a second copy.
  if (fault.stage === 'dot') return [{ outcome: 'unknown', arrived: copiesAfterDot }];
  const surelyNot = { outcome: 'not_accepted', arrived: 0 };
  if (fault.stage === 'body') return [surelyNot, { outcome: 'unknown', arrived: 0 }];
  // The pool tries once more by itself where a connection died before the message began.
  return [surelyNot, ACCEPTED];
}
const ACCEPTED = { outcome: 'accepted', arrived: 1 };

describe('whatever breaks at whatever point of an SMTP conversation', () => {
  it('covers more than forty faults', () => {
    expect(FAULTS.length).toBeGreaterThanOrEqual(40);
  });

  // A connection already in use meets a fault at its beginning no more.
  const cases = FAULTS.flatMap((fault) => [
    { ...fault, fault, reused: false },
    ...(fault.stage === 'connect' || fault.stage === 'ehlo' ? [] : [{ ...fault, fault, reused: true }]),
  ]);
  it.each(cases)(
    'tells the truth about $stage $action (delivered $delivered, reused $reused)',
    async ({ fault, reused }) => {
      const channel = freshChannel();
      if (reused) await carryOut(channel, 'assume_sent');
      const message = anEmail();
      server.failNext(fault);
      const { outcome } = await channel.send(message);
      expect(server.hasFailed()).toBe(true);
      expect(truths(fault, reused)).toContainEqual({ outcome, arrived: copies(message.id) });
    },
  );

  it.each([
    { ifUnknown: 'assume_sent' as const, promise: 'at most one copy', least: 0, most: 1 },
    { ifUnknown: 'resend_once' as const, promise: 'at least one copy', least: 1, most: 2 },
  ])('sends $promise with $ifUnknown', async ({ ifUnknown, least, most }) => {
    await assert(
      asyncProperty(
        constantFrom(
          ...FAULTS.filter((fault) => typeof fault.action === 'string' || fault.action.reply.startsWith('4')),
        ),
        boolean(),
        nat({ max: 200_000 }),
        async (fault, reused, size) => {
          const channel = freshChannel();
          if (reused) await carryOut(channel, 'assume_sent');
          const message = anEmail({ text: 'x'.repeat(size).replaceAll(/(.{70})/g, '$1\n') });
          server.failNext(fault);
          const results = await carryOut(channel, ifUnknown, message);
          const arrived = copies(message.id);
          expect(arrived).toBeGreaterThanOrEqual(least);
          expect(arrived).toBeLessThanOrEqual(most);
          expect(['accepted', 'unknown']).toContain(results.at(-1)?.outcome);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('gives up at the deadline and says unknown only where the message had been handed over', async () => {
    const patient = createEmailChannel({ smtpUrl: server.url, from: SENDER });
    open.push(patient);
    server.failNext({ stage: 'dot', action: 'silence', delivered: true });
    const late = await patient.send(anEmail(), { deadline: new Date(Date.now() + 150) });
    server.failNext({ stage: 'rcpt', action: 'silence' });
    const early = await patient.send(anEmail(), { deadline: new Date(Date.now() + 150) });
    expect([late.outcome, early.outcome]).toEqual(['unknown', 'not_accepted']);
  });
});
