/**
 * What a bounce is about. The labels are those of postalsys/bounce-classifier, the most complete public set.
 */
export type BounceLabel =
  | 'user_unknown'
  | 'invalid_address'
  | 'mailbox_disabled'
  | 'mailbox_full'
  | 'greylisting'
  | 'rate_limited'
  | 'server_error'
  | 'ip_blacklisted'
  | 'domain_blacklisted'
  | 'auth_failure'
  | 'relay_denied'
  | 'spam_blocked'
  | 'policy_blocked'
  | 'virus_detected'
  | 'geo_blocked'
  | 'unknown';

/** Words of bounces, the most particular first. They are read only where no status code (RFC 3463) says it better. */
export const BOUNCE_WORDS: readonly { label: BounceLabel; words: RegExp }[] = [
  {
    label: 'ip_blacklisted',
    words: /\b(?:ip|client host|sender host)\b.{0,60}\bblack ?list|\bblocked using\b|\brbl\b|\bspamhaus\b/i,
  },
  { label: 'domain_blacklisted', words: /\bdomain\b.{0,40}\bblack ?list|\bsurbl\b|\bdbl\b/i },
  { label: 'auth_failure', words: /\bdmarc\b|\bspf\b|\bdkim\b|\bunauthenticated\b/i },
  { label: 'virus_detected', words: /\bvirus\b|\bmalware\b/i },
  { label: 'spam_blocked', words: /\bspam\b|\bjunk\b|\bunsolicited\b/i },
  { label: 'greylisting', words: /\bgr[ae]y-?list|\btry again later\b/i },
  { label: 'rate_limited', words: /\brate limit|\btoo many (?:messages|connections|recipients|emails)\b|\bthrottl/i },
  {
    label: 'relay_denied',
    words: /\brelay(?:ing)?\b.{0,20}\b(?:denied|not permitted|prohibited)\b|\bunable to relay\b/i,
  },
  { label: 'geo_blocked', words: /\b(?:country|geo)\b.{0,30}\bblock/i },
  { label: 'mailbox_full', words: /\b(?:mailbox|quota|inbox)\b.{0,30}\b(?:full|exceeded|over)\b|\bover quota\b/i },
  {
    label: 'mailbox_disabled',
    words: /\b(?:mailbox|account|user|recipient)\b.{0,30}\b(?:disabled|inactive|suspended|deactivated|closed)\b/i,
  },
  {
    label: 'user_unknown',
    words:
      /\b(?:user|recipient|mailbox|address|account)\b.{0,40}\b(?:unknown|not (?:be )?found|does(?: not|n't) exist|not exist)\b|\b(?:unknown|no such|invalid) (?:user|mailbox|recipient|address|local part)\b|\bno mailbox here\b/i,
  },
  {
    label: 'invalid_address',
    words: /\b(?:bad|malformed|illegal) (?:address|recipient|destination)\b|\bhost not found\b/i,
  },
  { label: 'policy_blocked', words: /\bpolic(?:y|ies)\b|\bblocked\b|\brejected\b|\bnot allowed\b|\bprohibited\b/i },
  { label: 'server_error', words: /\binternal (?:server )?error\b|\btemporar(?:y|ily)\b|\bsystem problem\b/i },
];

/** Status codes (RFC 3463) that speak for themselves; `x` is any number. */
export const BOUNCE_STATUS: readonly { status: string; label: BounceLabel }[] = [
  { status: 'x.1.1', label: 'user_unknown' },
  { status: 'x.1.2', label: 'invalid_address' },
  { status: 'x.1.3', label: 'invalid_address' },
  { status: 'x.1.6', label: 'user_unknown' },
  { status: 'x.1.10', label: 'invalid_address' },
  { status: 'x.2.1', label: 'mailbox_disabled' },
  { status: 'x.2.2', label: 'mailbox_full' },
  { status: 'x.7.26', label: 'auth_failure' },
  { status: 'x.7.27', label: 'auth_failure' },
];
