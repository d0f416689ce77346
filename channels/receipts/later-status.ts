import type { CommunicationStatus } from './receipt.ts';

/**
 * How far a communication has come. What a provider knows (it was delivered, it bounced) stands above what we only
 * suppose (it was cancelled here), and a complaint above all, because only who received a message complains.
 */
const RANK: Readonly<Record<CommunicationStatus, number>> = {
  draft: 0,
  queued: 1,
  held: 1,
  skipped: 2,
  cancelled: 2,
  sending: 3,
  unknown: 4,
  sent: 5,
  suppressed: 6,
  failed: 7,
  delivered: 8,
  bounced: 9,
  complained: 10,
};

/**
 * The status after a receipt. It never goes backwards, so receipts may come twice and in any order: the furthest wins.
 */
export function laterStatus(current: CommunicationStatus, reported: CommunicationStatus | null): CommunicationStatus {
  if (reported === null) return current;
  return RANK[reported] > RANK[current] ? reported : current;
}
