// What a message costs: sent through SMTP against bare nodemailer, rendered in its own thread, checked, compiled.
import { fork } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { checkTemplate } from '../channels/check-template.ts';
import { compileTemplate } from '../channels/compile-template.ts';
import { composeEmail, messageIdOf, type DkimKey } from '../channels/compose-email.ts';
import { createDkimKey } from '../channels/dkim-key.ts';
import { createEmailChannel } from '../channels/email.ts';
import type { EmailMessage } from '../channels/email-message.ts';
import { parseTemplateFile, type TemplateSource } from '../channels/template-file.ts';
import { createTemplateRenderer, type TemplateRenderer } from '../channels/template-renderer.ts';
import { sampleVariables } from '../channels/variable-catalogue.ts';
import { HOSTILE_TEMPLATES } from '../tests/channels/support/hostile-templates.ts';
import { cpuMs, medianOf, type Measurement } from './measure.ts';

const MAILS = 2_000;
const AT_ONCE = 50;
const RUNS = 3;
const SENDER = { name: 'Alder and Finch', address: 'hello@mail.example.com' };

/** `npm run bench -- messaging` */
export async function messagingBench(): Promise<Measurement[]> {
  const sink = fork(new URL('./smtp-sink.ts', import.meta.url));
  const [port] = (await once(sink, 'message')) as [number];
  try {
    const smtpUrl = `smtp://127.0.0.1:${port}`;
    const renderer = createTemplateRenderer();
    const source = starter();
    const compiled = await compileTemplate(source);
    if (!compiled.ok) throw new Error('The starter template does not compile.');
    const rendered = await renderer.render(compiled.template, sampleVariables());
    if (!rendered.ok) throw new Error(rendered.detail);
    const content = { subject: rendered.subject, text: rendered.text, html: rendered.html ?? '' };
    const dkim: DkimKey = {
      domain: 'mail.example.com',
      selector: 'ws1',
      privateKey: createPrivateKey(createDkimKey().pem),
    };
    const messages = Array.from({ length: MAILS }, (_, index) => aMail(index, content));

    const rows = [
      ...(await throughput(smtpUrl, messages)),
      await perItem('a mail composed and signed (DKIM, RSA 2048)', 200, 4, (index) =>
        composeEmail(pick(messages, index), SENDER, dkim),
      ),
      await perItem('a mail rendered in its own thread', 500, 6, () =>
        renderer.render(compiled.template, sampleVariables()),
      ),
      await slowestAttack(renderer),
      await perItem('a template checked for publishing', 20, 60, () => checkTemplate(source, { renderer })),
    ];
    await renderer.close();
    return rows;
  } finally {
    sink.disconnect();
  }
}

/** By the clock, each with a thread that is there already: ending it and beginning another is nobody's wait. */
async function slowestAttack(renderer: TemplateRenderer): Promise<Measurement> {
  const once = async (): Promise<number> => {
    let slowest = 0;
    for (const [, body] of HOSTILE_TEMPLATES) {
      await renderer.render({ channel: 'sms', body: 'warm' }, {});
      const begun = performance.now();
      const { ok } = await renderer.render({ channel: 'email', subject: 'x', body }, {});
      slowest = Math.max(slowest, performance.now() - begun);
      if (ok) throw new Error('A hostile template was rendered.');
    }
    return slowest;
  };
  const name = `the slowest of ${HOSTILE_TEMPLATES.length} hostile templates`;
  return { name, unit: 'ms', bound: { atMost: 300 }, ...(await medianOf(RUNS, once)) };
}

/** The same mails by our channel and by nodemailer alone, each with five connections. */
async function throughput(smtpUrl: string, messages: readonly EmailMessage[]): Promise<Measurement[]> {
  const rates: number[] = [];
  const ours = async (): Promise<number> => {
    const channel = createEmailChannel({ smtpUrl, from: SENDER });
    const begun = performance.now();
    const cpu = await cpuMs(() =>
      inParallel(messages, async (message) => {
        const { outcome, detail } = await channel.send(message);
        if (outcome !== 'accepted') throw new Error(detail);
      }),
    );
    rates.push((messages.length / (performance.now() - begun)) * 1_000);
    await channel.close();
    return cpu / messages.length;
  };
  const bare = async (): Promise<number> => {
    const transport = createTransport({ pool: true, url: smtpUrl, maxConnections: 5, ignoreTLS: true });
    const cpu = await cpuMs(() =>
      inParallel(messages, async ({ id, to, subject, text, html }) => {
        const address = { name: to.name ?? '', address: to.address };
        await transport.sendMail({
          messageId: messageIdOf(id, SENDER.address),
          from: SENDER,
          to: address,
          subject,
          text,
          html,
        });
      }),
    );
    transport.close();
    return cpu / messages.length;
  };
  const costs = { ours: [] as number[], bare: [] as number[] };
  await bare();
  await ours();
  rates.length = 0;
  // In turns, so that whatever else the machine does meets both.
  for (let run = 0; run < RUNS + 2; run += 1) {
    costs.bare.push(await bare());
    costs.ours.push(await ours());
  }
  const ratios = costs.ours.map((cost, run) => cost / (costs.bare[run] ?? cost));
  return [
    { name: `${MAILS} mails through SMTP`, unit: 'mails/s', bound: { atLeast: 100 }, ...summary(rates) },
    { name: 'a mail by our channel', unit: 'ms CPU', bound: null, ...summary(costs.ours) },
    { name: 'a mail by bare nodemailer', unit: 'ms CPU', bound: null, ...summary(costs.bare) },
    { name: 'ours against bare nodemailer', unit: 'times', bound: { atMost: 1.5 }, ...summary(ratios) },
  ];
}

function summary(values: readonly number[]): Pick<Measurement, 'median' | 'spread'> {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, spread: [sorted[0] ?? 0, sorted.at(-1) ?? 0] };
}

async function perItem(
  name: string,
  times: number,
  atMost: number,
  work: (index: number) => Promise<unknown>,
): Promise<Measurement> {
  const once = async (): Promise<number> => {
    const ms = await cpuMs(async () => {
      for (let index = 0; index < times; index += 1) await work(index);
    });
    return ms / times;
  };
  await once();
  return { name, unit: 'ms CPU', bound: { atMost }, ...(await medianOf(RUNS, once)) };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

function aMail(index: number, content: { subject: string; text: string; html: string }): EmailMessage {
  return {
    id: `bench-${index}`,
    to: { name: 'Niamh', address: `couple-${index}@example.com` },
    composedAt: new Date('2027-03-12T09:00:00Z'),
    ...content,
  };
}

function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
}

function starter(): TemplateSource {
  const file = new URL('../journeys/starters/templates/photographer_balance.mjml', import.meta.url);
  const parsed = parseTemplateFile(readFileSync(file, 'utf8'));
  if (!parsed.ok) throw new Error('The starter template is not valid.');
  return parsed.template;
}
