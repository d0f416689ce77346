import { startReceiver } from '../../channels/webhook/receiver.ts';
import { startScriptedSmtp, type ScriptedSmtp } from '../../channels/support/scripted-smtp.ts';

/** Everybody outside: a mail server, Twilio and a receiver of webhooks, who can fall silent once they have a message. */
export interface Providers {
  readonly smtp: ScriptedSmtp;
  readonly twilioUrl: string;
  readonly webhookUrl: string;
  readonly webhookAllowList: string;
  /** From now on nobody of those on HTTP answers; what they are sent, they have. */
  fallSilent(silent: boolean): void;
  /** Requests that came for a number (`whatsapp:+44...` for WhatsApp). */
  textsTo(number: string): number;
  /** Ids of the webhooks that came for a path. */
  webhooksAt(path: string): string[];
  stop(): Promise<void>;
}

export async function startProviders(): Promise<Providers> {
  let silent = false;
  const texts: string[] = [];
  const smtp = await startScriptedSmtp();
  const twilio = await startReceiver((_request, response) => {
    const to = new URLSearchParams(twilio.received.at(-1)?.body.toString('utf8')).get('To') ?? '';
    texts.push(to);
    if (silent) return;
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sid: `SM${String(texts.length).padStart(32, '0')}`, status: 'queued', to }));
  });
  const webhooks = await startReceiver((_request, response) => {
    if (!silent) response.writeHead(204).end();
  });
  return {
    smtp,
    twilioUrl: `http://127.0.0.1:${twilio.port}`,
    webhookUrl: `http://127.0.0.1:${webhooks.port}`,
    webhookAllowList: `127.0.0.1:${webhooks.port}`,
    fallSilent(now) {
      silent = now;
    },
    textsTo: (number) => texts.filter((to) => to === number).length,
    webhooksAt: (path) =>
      webhooks.received.filter((one) => one.path === path).map(({ headers }) => String(headers['webhook-id'])),
    async stop() {
      await Promise.all([smtp.stop(), twilio.stop(), webhooks.stop()]);
    },
  };
}
