import { BOUNCE_STATUS, BOUNCE_WORDS, type BounceLabel } from './codes/bounce-words.ts';

export type BounceVerdict = {
  label: BounceLabel;
  /** `hard`: the address will not work; `soft`: it may work another day. */
  kind: 'hard' | 'soft';
  /** True where the address must not be used again. Never for what is the sender's fault. */
  suppress: boolean;
};

const GONE: readonly BounceLabel[] = ['user_unknown', 'invalid_address', 'mailbox_disabled'];
const SENDERS_FAULT: readonly BounceLabel[] = [
  'ip_blacklisted',
  'domain_blacklisted',
  'auth_failure',
  'relay_denied',
  'spam_blocked',
  'policy_blocked',
  'virus_detected',
  'geo_blocked',
];

/**
 * Reads a bounce: its status code (RFC 3463) first, its words only where the code says nothing in particular.
 * A 4.x.x status is never hard, whatever it says, because its sender calls it temporary.
 */
export function classifyBounce(bounce: { status?: string; text?: string }): BounceVerdict {
  const label = byStatus(bounce.status) ?? byWords(bounce.text ?? '') ?? 'unknown';
  const temporary = bounce.status?.startsWith('4') === true;
  const gone = GONE.includes(label) && !temporary;
  const hard = gone || (bounce.status?.startsWith('5') === true && SENDERS_FAULT.includes(label));
  return { label, kind: hard ? 'hard' : 'soft', suppress: gone };
}

function byStatus(status: string | undefined): BounceLabel | undefined {
  if (status === undefined) return undefined;
  const tail = status.split('.').slice(1).join('.');
  return BOUNCE_STATUS.find((row) => row.status === `x.${tail}`)?.label;
}

function byWords(text: string): BounceLabel | undefined {
  return BOUNCE_WORDS.find((row) => row.words.test(text))?.label;
}
