import { laterStatus } from '../../channels/receipts/later-status.ts';
import type { ProviderReport, Receipt, Reply, SuppressionReason } from '../../channels/receipts/receipt.ts';
import { holdForConversation, tellOfReply } from '../../db/conversations.ts';
import {
  applyReceipt,
  communicationById,
  communicationOfReceipt,
  keepReceipt,
  keepReply,
  personOfAddress,
  type ReportedCommunication,
} from '../../db/receipts.ts';
import { liftOwnSuppression, recordConsent, suppress, type Suppression } from '../../db/suppressions.ts';
import type { Trx } from '../../db/tenant.ts';

export interface AppliedReport {
  /** Receipts and replies that were new. */
  readonly applied: number;
  /** Those that were there already. */
  readonly repeated: number;
  /** Those about messages or people that this organization does not have. */
  readonly unknown: number;
}

/**
 * Writes down what a provider reports: the event, the message's status (which never goes backwards), whom not to write
 * to any more, and what a person replied. The same report may come twice and in any order.
 */
export async function applyReport(
  trx: Trx,
  report: Extract<ProviderReport, { ok: true }>,
  now: Date,
): Promise<AppliedReport> {
  const counts = { applied: 0, repeated: 0, unknown: 0 };
  for (const receipt of report.receipts) counts[await applyOneReceipt(trx, withinReason(receipt, now))] += 1;
  for (const reply of report.replies) counts[await applyReply(trx, reply, now)] += 1;
  return counts;
}

// Providers repeat for days, and clocks differ by minutes; anything else is a clock that is wrong.
const OLDEST_MS = 14 * 24 * 60 * 60_000;
const NEWEST_MS = 5 * 60_000;

/** A receipt of a provider whose clock is far off happened now, as far as anybody can tell. */
function withinReason(receipt: Receipt, now: Date): Receipt {
  const ageMs = now.getTime() - Date.parse(receipt.occurredAt);
  return ageMs <= OLDEST_MS && ageMs >= -NEWEST_MS ? receipt : { ...receipt, occurredAt: now.toISOString() };
}

type Effect = keyof AppliedReport;

async function applyOneReceipt(trx: Trx, receipt: Receipt): Promise<Effect> {
  const communication = await communicationOfReceipt(trx, receipt);
  if (communication !== null) {
    if (!(await keepReceipt(trx, communication.id, receipt))) return 'repeated';
    await applyReceipt(trx, communication.id, receipt, laterStatus(communication.status, receipt.status));
  }
  await stopWriting(trx, receipt, communication);
  return communication === null ? 'unknown' : 'applied';
}

const REASONS: Readonly<Record<SuppressionReason, Pick<Suppression, 'reason' | 'purposes'>>> = {
  hard_bounce: { reason: 'bounce', purposes: null },
  invalid: { reason: 'bounce', purposes: null },
  complaint: { reason: 'complaint', purposes: null },
  stop_keyword: { reason: 'stop_keyword', purposes: null },
  // Whoever unsubscribes from advertising still wants to know when the wedding's balance is due.
  unsubscribe: { reason: 'unsubscribe', purposes: ['marketing'] },
};

async function stopWriting(trx: Trx, receipt: Receipt, communication: ReportedCommunication | null): Promise<void> {
  const { channel, recipient, suppression } = receipt;
  // A report about somebody whom this organization never wrote to says nothing about its couples.
  if (recipient === null || recipient === '' || communication === null) return;
  if (receipt.event === 'resubscribed') return liftOwnSuppression(trx, channel, recipient);
  if (suppression === null) return;
  await suppress(trx, { channel, address: recipient, communicationId: communication.id, ...REASONS[suppression] });
  if (suppression !== 'unsubscribe' || communication.clientId === null) return;
  await recordConsent(trx, {
    clientId: communication.clientId,
    contactId: communication.contactId,
    channel,
    purposes: ['marketing'],
    state: 'withdrawn',
    source: 'one_click',
    evidence: { provider: receipt.provider, event: receipt.dedupKey },
  });
}

async function applyReply(trx: Trx, reply: Reply, now: Date): Promise<Effect> {
  const { channel, provider, dedupKey, from, text } = reply;
  const person = await personOfAddress(trx, channel, from);
  const answersId = reply.communicationId ?? person?.lastMessageId ?? null;
  const answers = answersId === null ? null : await communicationById(trx, answersId);
  const clientId = person?.clientId ?? answers?.clientId ?? null;
  if (clientId === null) return 'unknown';
  const contactId = person?.contactId ?? answers?.contactId ?? null;
  const isNew = await keepReply(trx, {
    channel,
    provider,
    dedupKey,
    from,
    text,
    clientId,
    contactId,
    answers,
    at: now,
  });
  if (!isNew) return 'repeated';
  if (reply.keyword === 'stop' || reply.keyword === 'start') {
    await obey(trx, reply, clientId, contactId);
    return 'applied';
  }
  // HELP is answered at once (`answerByTwilio`), and nobody has to write back to it.
  if (reply.keyword === null) await holdForConversation(trx, clientId, now);
  await tellOfReply(trx, clientId, channel, `${provider}/${dedupKey}`);
  return 'applied';
}

/** STOP by text stops everything on that channel, START lifts it again; by email it stops advertising. */
async function obey(trx: Trx, reply: Reply, clientId: string, contactId: string | null): Promise<void> {
  const { channel, from, keyword, provider, dedupKey } = reply;
  const evidence = { provider, message: dedupKey };
  const decision = { clientId, contactId, channel, source: 'keyword', evidence } as const;
  if (keyword === 'start') {
    await liftOwnSuppression(trx, channel, from);
    await recordConsent(trx, { ...decision, purposes: ['service'], state: 'granted' });
    return;
  }
  const purposes = channel === 'email' ? (['marketing'] as const) : (['service', 'marketing'] as const);
  const stopped = channel === 'email' ? REASONS.unsubscribe : REASONS.stop_keyword;
  await suppress(trx, { channel, address: from, communicationId: null, ...stopped });
  await recordConsent(trx, { ...decision, purposes, state: 'withdrawn' });
}
