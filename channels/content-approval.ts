import { z } from 'zod';

/** Twilio's words (twilio.com/docs/content/content-types-overview), and two of ours: see `ContentApproval`. */
const WORDS = ['unsubmitted', 'received', 'pending', 'approved', 'rejected', 'paused', 'disabled'] as const;

export type ApprovalStatus = (typeof WORDS)[number] | 'missing' | 'unknown';

/** Whether WhatsApp has approved a template. */
export interface ContentApproval {
  /** `missing`: the account has no such template. `unknown`: a word that this version does not know. */
  readonly status: ApprovalStatus;
  readonly category: string | null;
  readonly rejectionReason: string | null;
}

const whatsapp = z.object({
  status: z.string(),
  category: z.string().nullish(),
  rejection_reason: z.string().nullish(),
});

export const MISSING: ContentApproval = { status: 'missing', category: null, rejectionReason: null };

/** Reads the `whatsapp` part of an answer of Twilio's `ApprovalRequests`. */
export function readApproval(answer: unknown): ContentApproval {
  const parsed = whatsapp.safeParse(answer);
  if (!parsed.success) return { status: 'unsubmitted', category: null, rejectionReason: null };
  const { status, category, rejection_reason: reason } = parsed.data;
  const word = WORDS.find((one) => one === status.toLowerCase()) ?? 'unknown';
  return {
    status: word,
    category: category?.toLowerCase() || null,
    rejectionReason: reason?.slice(0, 500) || (word === 'unknown' ? status.slice(0, 500) : null),
  };
}
