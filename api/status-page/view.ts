import type { TeamRow } from '../../db/status-page.ts';
import type { PreviewResult } from '../../services/messages/preview-message.ts';

/** What the status page shows of one organization; times are already local, texts already English. */
export interface StatusView {
  readonly organization: OrganizationLine;
  readonly organizations: readonly OrganizationLine[];
  readonly counts: {
    readonly couples: number;
    readonly running: number;
    readonly sentToday: number;
    readonly attention: number;
    /** Steps that have a date, of everybody. */
    readonly planned: number;
  };
  readonly attention: readonly StepLine[];
  /** Open tasks and unread notifications. */
  readonly team: readonly TeamRow[];
  readonly next: readonly StepLine[];
  readonly sent: readonly MessageLine[];
  readonly couples: readonly CoupleLine[];
}

export interface OrganizationLine {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
}

export interface StepLine {
  readonly clientId: string;
  readonly couple: string;
  readonly journey: string;
  readonly executionId: string;
  readonly step: string;
  readonly type: string;
  /** Of a message: the template that it is written with. */
  readonly template: string | null;
  readonly state: string;
  /** Local date and minute with weekday, in `zone`. */
  readonly local: string | null;
  readonly zone: string | null;
  /** Whole minutes until then, where it is planned. */
  readonly inMinutes: number | null;
  readonly reason: string;
}

export interface MessageLine {
  readonly clientId: string;
  readonly couple: string;
  readonly channel: string;
  readonly subject: string | null;
  readonly status: string;
  /** When it was sent, or last changed; local in the organization's zone. */
  readonly at: string;
  readonly problem: string | null;
}

export interface CoupleLine {
  readonly clientId: string;
  readonly couple: string;
  readonly status: string;
  readonly weddingOn: string | null;
  readonly zone: string | null;
  readonly journeys: readonly {
    readonly executionId: string;
    readonly name: string;
    readonly status: string;
    readonly next: string | null;
  }[];
}

/** Everything of one couple: each journey with its whole plan, past and future. */
export interface CoupleView {
  readonly organization: OrganizationLine;
  readonly couple: CoupleLine;
  readonly plans: readonly {
    readonly executionId: string;
    readonly journey: string;
    readonly status: string;
    readonly temporalUrl: string | null;
    readonly steps: readonly StepLine[];
  }[];
  /** Active journeys that the couple is not on and never was. */
  readonly notBegun: readonly { readonly journey: string; readonly why: string }[];
  readonly messages: readonly MessageLine[];
}

/** What was written to a couple and by it. */
export interface ConversationView {
  readonly organization: OrganizationLine;
  readonly clientId: string;
  readonly couple: string;
  /** The latest first. */
  readonly messages: readonly ConversationLine[];
}

export interface ConversationLine {
  readonly direction: 'inbound' | 'outbound';
  readonly channel: string;
  readonly status: string;
  /** Who wrote, or is written to. */
  readonly who: string;
  /** Local in the organization's zone. */
  readonly at: string;
  readonly subject: string | null;
  readonly text: string;
}

/** A message as one person of the couple would get it now. */
export interface PreviewView {
  readonly organization: OrganizationLine;
  readonly clientId: string;
  readonly couple: string;
  readonly template: string;
  readonly result: PreviewResult;
}
