import { z } from 'zod';

/** A refusal in Twilio's shape. */
export type TwilioRefusal = { status: number; code: number; message: string };

/** What the endpoint knows of the world when it judges a request. */
export type TwilioWorld = {
  /** Numbers that have replied STOP and not START since. */
  optedOut: ReadonlySet<string>;
  /** When somebody wrote last, by number; WhatsApp's 24 hours count from it. */
  lastInboundAt: ReadonlyMap<string, Date>;
  now: Date;
  /** What WhatsApp says about templates, by their id; one that is not here is approved. */
  approvals: ReadonlyMap<string, { status: string }>;
};

/** The parameters of "create a message" that matter here, as they come in the form. */
export const messageFormSchema = z.object({
  To: z.string().default(''),
  From: z.string().optional(),
  MessagingServiceSid: z.string().optional(),
  Body: z.string().optional(),
  MediaUrl: z.union([z.string(), z.array(z.string())]).optional(),
  ContentSid: z.string().optional(),
  ContentVariables: z.string().optional(),
  StatusCallback: z.string().optional(),
  ValidityPeriod: z.coerce.number().optional(),
});
export type MessageForm = z.infer<typeof messageFormSchema>;

const E164 = /^\+[1-9]\d{6,14}$/;
const LONGEST_TEXT = 1_600;
const WINDOW_MS = 24 * 60 * 60 * 1_000;

// Twilio's own numbers for test credentials (twilio.com/docs/iam/test-credentials), so that the same test may run
// against the real thing.
const MAGIC_TO: Readonly<Record<string, TwilioRefusal>> = {
  '+15005550001': refusal(21211, "Invalid 'To' Phone Number"),
  '+15005550002': refusal(21612, 'The message cannot be routed to this number'),
  '+15005550003': refusal(21408, 'Permission to send to this country is not enabled'),
  '+15005550004': refusal(21610, 'Attempt to send to unsubscribed recipient'),
  '+15005550009': refusal(21614, "'To' number is not a valid mobile number"),
};
const MAGIC_FROM: Readonly<Record<string, TwilioRefusal>> = {
  '+15005550001': refusal(21212, "Invalid 'From' Phone Number"),
  '+15005550007': refusal(21606, "'From' number is not SMS-capable or not yours"),
  '+15005550008': refusal(21611, "'From' number has exceeded its queue"),
};

/** Judges a request as Twilio documents it; null where the message is taken. */
export function judgeMessage(form: MessageForm, world: TwilioWorld): TwilioRefusal | null {
  return judgeParties(form) ?? judgeContent(form) ?? judgeRecipient(form, world);
}

function judgeParties(form: MessageForm): TwilioRefusal | null {
  const { To, From, MessagingServiceSid } = form;
  if (To === '') return refusal(21604, "A 'To' phone number is required");
  if (From === undefined && MessagingServiceSid === undefined) {
    return refusal(21603, "A 'From' phone number or a messaging service is required");
  }
  const to = bare(To);
  if (!E164.test(to)) return refusal(21211, `The 'To' number is not a valid phone number`);
  if (MessagingServiceSid !== undefined && !/^MG[0-9a-fA-F]{32}$/.test(MessagingServiceSid)) {
    return { status: 404, code: 20404, message: 'The messaging service was not found' };
  }
  if (From === undefined) return MAGIC_TO[to] ?? null;
  if (isWhatsapp(To) && !isWhatsapp(From)) return refusal(63007, "The 'From' address is not a WhatsApp sender");
  if (!isWhatsapp(To) && isWhatsapp(From)) return refusal(21910, "'From' and 'To' must be of the same channel");
  if (!E164.test(bare(From))) return refusal(21212, "The 'From' number is not a valid phone number");
  if (bare(From) === to) return refusal(21266, "'To' and 'From' cannot be the same");
  return MAGIC_FROM[bare(From)] ?? MAGIC_TO[to] ?? null;
}

function judgeContent(form: MessageForm): TwilioRefusal | null {
  const { Body, MediaUrl, ContentSid, ContentVariables, StatusCallback, ValidityPeriod } = form;
  if ((Body ?? '') === '' && MediaUrl === undefined && ContentSid === undefined) {
    return refusal(21619, 'A text, a picture or a content template is required');
  }
  if ((Body ?? '').length > LONGEST_TEXT) return refusal(21617, 'The text exceeds 1,600 characters');
  if (ContentSid !== undefined && !/^HX[0-9a-fA-F]{32}$/.test(ContentSid))
    return refusal(21655, "The 'ContentSid' is not valid");
  if (ContentVariables !== undefined && !isTextMap(ContentVariables))
    return refusal(21656, "The 'ContentVariables' are not valid");
  if (StatusCallback !== undefined && !/^https?:\/\//.test(StatusCallback))
    return refusal(21609, "The 'StatusCallback' is not a valid URL");
  if (ValidityPeriod !== undefined && !(ValidityPeriod >= 1 && ValidityPeriod <= 36_000)) {
    return refusal(20001, "'ValidityPeriod' must be between 1 and 36000");
  }
  return null;
}

function judgeRecipient(form: MessageForm, world: TwilioWorld): TwilioRefusal | null {
  const to = bare(form.To);
  if (world.optedOut.has(to)) return refusal(21610, 'Attempt to send to unsubscribed recipient');
  if (!isWhatsapp(form.To)) return null;
  const last = world.lastInboundAt.get(to);
  if (last !== undefined && world.now.getTime() - last.getTime() < WINDOW_MS) return null;
  const approved =
    form.ContentSid !== undefined && (world.approvals.get(form.ContentSid)?.status ?? 'approved') === 'approved';
  return approved ? null : refusal(63016, 'Outside of the 24-hour window only an approved template may be sent');
}

export function isWhatsapp(address: string): boolean {
  return address.startsWith('whatsapp:');
}

/** The number without its channel. */
export function bare(address: string): string {
  return address.replace(/^whatsapp:/, '');
}

function refusal(code: number, message: string): TwilioRefusal {
  return { status: 400, code, message };
}

function isTextMap(json: string): boolean {
  try {
    return z.record(z.string(), z.string()).safeParse(JSON.parse(json)).success;
  } catch {
    return false;
  }
}
