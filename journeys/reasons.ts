// Why a step stands as it does: a closed union of codes with their facts. Screens, ledger, API and the Temporal UI show
// the same one; `explain` puts it into a sentence.

/** Facts that the reasons for a skip have in common: what else would have stopped the step. */
type Besides = { also?: SkipCode[] };

/** The step goes, at `runAt`. */
export type PlannedReason =
  | { code: 'on_time' }
  /** `from`: the local date and time before the day rule moved it. */
  | { code: 'rolled'; from: string; closed: 'weekday' | 'not_working' | 'closed_on' }
  /** `from`: the local date and time before the send window moved it. */
  | { code: 'window'; from: string; opens: string; closes: string }
  | { code: 'caught_up'; was: string }
  | { code: 'daily_cap'; was: string; cap: number }
  | { code: 'retry'; attempts: number }
  | { code: 'overdue'; was: string };

export type WaitingReason =
  | { code: 'anchor_missing'; field: string }
  | { code: 'postponed' }
  | { code: 'waiting_for_step'; step: string }
  | { code: 'waiting_for_answer'; step: string; arm: 'yes' | 'no' }
  | { code: 'waiting_for_event'; event: string; until: string | null }
  | { code: 'needs_approval'; until: string; fallback: 'send' | 'skip' | 'task' };

export type HeldReason =
  | { code: 'paused'; scope: HoldScope; channel?: string; why?: string }
  | { code: 'settling'; until: string }
  | { code: 'needs_answer'; question: 'past' | 'missed_while_held'; was: string };

export type HoldScope = 'organization' | 'journey' | 'client' | 'execution' | 'channel' | 'postponed';

export type SkipReason = Besides &
  (
    | { code: 'stopped'; at: string; why?: string }
    | { code: 'stage_ended'; stage: string; at: string }
    | { code: 'already_paid'; payment: string }
    | { code: 'only_if'; field: string; missing?: string[] }
    | { code: 'repeat_ended' }
    | { code: 'past'; was: string }
    | { code: 'missed_while_held'; was: string }
    | { code: 'past_useful'; usefulUntil: string }
    | { code: 'superseded'; by: string }
    | { code: 'suppressed'; channel: string }
    | { code: 'no_consent'; channel: string; purpose: string }
    | { code: 'no_address'; channel: string }
    | { code: 'rejected'; at: string }
    | { code: 'not_approved'; deadline: string; fallback: 'skip' | 'task' }
    | { code: 'if_missing'; field: string }
    | { code: 'never_came'; field: string }
    | { code: 'by_person' }
  );

export type SkipCode = SkipReason['code'];

export type NotTakenReason = { code: 'other_arm'; step: string } | { code: 'dependency_not_taken'; step: string };

export type EndReason = { code: 'done' } | { code: 'failed' } | { code: 'unknown' };

export type Reason = PlannedReason | WaitingReason | HeldReason | SkipReason | NotTakenReason | EndReason;
export type ReasonCode = Reason['code'];
