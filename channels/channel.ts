/**
 * What every channel promises.
 *
 * - `accepted`: the provider took the message; it is its job now.
 * - `refused`: the provider said no for good; the same message would be refused again.
 * - `not_accepted`: surely not sent, and worth another attempt.
 * - `unknown`: the provider may have it. Never sent again blindly: a receipt, a question to the provider or the
 *   step's `ifUnknown` decides.
 */
export type Outcome = 'accepted' | 'refused' | 'not_accepted' | 'unknown';

/**
 * What a failure asks for beyond this message: `retry` soon, `later` after a longer wait, `permanent` nothing more,
 * `suppress` never use the address again, `config` the supplier's or the platform's settings need a person.
 */
export type Handling = 'retry' | 'later' | 'permanent' | 'suppress' | 'config';

export type SendResult = {
  outcome: Outcome;
  /** The provider's own name for the message: the Message-ID or the provider's id. */
  providerId?: string;
  /** Milliseconds to wait before the next attempt; only with `not_accepted`. */
  retryAfterMs?: number;
  /** The provider's code as it gave it: `550 5.1.1`, `21610`, `ECONNECTION`. */
  code?: string;
  /** Present for `refused` and `not_accepted`. */
  handling?: Handling;
  /** One sentence for a person. Holds no address, number or text of the message. */
  detail: string;
};

export type SendOptions = {
  /** Gives up the attempt; what was already handed over then is `unknown`. */
  signal?: AbortSignal;
  /** The moment from which an answer is no longer waited for. */
  deadline?: Date;
  /**
   * Called once, right before the first byte of the message leaves. A process that died before this call surely sent
   * nothing. Rejecting gives the attempt up: surely not sent.
   */
  beforeHandOver?: () => Promise<void>;
};

export type Channel<Message> = {
  /** Sends one message to one recipient. Expected failures are results; it throws only for a programming error. */
  send(message: Message, options?: SendOptions): Promise<SendResult>;
  /** Finishes what is under way and gives connections back. */
  close(): Promise<void>;
};
