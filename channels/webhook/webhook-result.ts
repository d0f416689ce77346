import type { SendResult } from '../channel.ts';

/** Why an attempt got no usable answer. */
export type WebhookFault =
  | 'address_refused'
  | 'dns'
  | 'connection_refused'
  | 'connection_lost'
  | 'unreachable'
  | 'tls'
  | 'timeout'
  | 'protocol'
  | 'headers_too_large'
  | 'cancelled';

/** One attempt as it is written down. */
export type WebhookAttempt = {
  /** The receiver's status; null where none came. */
  status: number | null;
  fault: WebhookFault | null;
  durationMs: number;
  /** The address that was dialled. */
  remoteAddress: string | null;
  /** At most 8 KiB of them. */
  responseHeaders: Record<string, string>;
  /** At most 64 KiB, as it came over the wire: never inflated. */
  responseBody: Uint8Array;
  /** False where the body was cut, by its size or by the deadline. */
  bodyComplete: boolean;
};

/**
 * The answer to one attempt. `unknown` means that the request may have been processed; a webhook may be sent again all
 * the same, because receivers tell repetitions by the `webhook-id`.
 */
export type WebhookResult = SendResult & {
  attempt: WebhookAttempt;
  /** `switch_off`: the endpoint shall get nothing more until a person switches it on. */
  endpoint: 'keep' | 'switch_off';
};
