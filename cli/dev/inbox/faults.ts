import { z } from 'zod';

const KINDS = [
  /** Says no at once: an email with 550 5.1.1, a text with 21610 (unless `code` says otherwise). */
  'refuse',
  /** Says "not now": an email with 451 4.7.1, a text with 429. */
  'defer',
  /** An email only: takes the whole message and then says no, or "not now". */
  'refuse_after_data',
  'defer_after_data',
  /** Breaks the connection: before the message, in its middle, or after its end without an answer. */
  'drop_before_data',
  'drop_in_data',
  'drop_after_data',
  /** Takes the message and answers only after `delayMs`. */
  'late_answer',
  /** A text only: taken, but the answer is "internal server error". */
  'server_error',
  /** A text only: taken, and later not delivered, with `code` or 30003. */
  'undelivered',
  /** A text only: what the sender is told about it afterwards comes in the wrong order, twice, or not at all. */
  'callbacks_out_of_order',
  'callbacks_twice',
  'no_callbacks',
  /** Arrives, and a second copy of it with it, as a careless relay makes one. */
  'deliver_twice',
  /** A text only: the telephone answers STOP. */
  'answer_stop',
  /** An email only: delivered, and later returned (with status `text` or 5.1.1), or called unwanted by its reader. */
  'bounce_later',
  'complain_later',
] as const;

export const faultSchema = z.strictObject({
  kind: z.enum(KINDS),
  channel: z.enum(['email', 'sms', 'whatsapp', 'webhook']).default('email'),
  /** The address, number or path it is for; absent: whoever is next. */
  to: z.string().min(1).optional(),
  /** How many messages it meets; `always` until it is taken away. */
  times: z.union([z.number().int().min(1), z.literal('always')]).default(1),
  /** The reply of the mail server (400 to 599) or the provider's code. */
  code: z.number().int().min(400).max(99_999).optional(),
  /** The words after the code. */
  text: z.string().max(300).optional(),
  delayMs: z.number().int().min(0).max(3_600_000).default(60_000),
  /** Whether the message counts as delivered although the sender is not told so (`drop_after_data`, `late_answer`). */
  keep: z.boolean().default(true),
});

export type Fault = z.infer<typeof faultSchema> & { id: string };

export type FaultPlan = {
  add(fault: z.infer<typeof faultSchema>): Fault;
  list(): Fault[];
  remove(id: string): boolean;
  clear(): void;
  /** Takes the fault that meets this message, the one for its recipient before one for anybody; counts it down. */
  take(channel: Fault['channel'], to: string): Fault | undefined;
  /** Tells of every change until the returned function is called. */
  subscribe(listener: () => void): () => void;
};

/** What is to go wrong with the messages that come next. */
export function createFaultPlan(): FaultPlan {
  let faults: Fault[] = [];
  let lastId = 0;
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    add(fault) {
      lastId += 1;
      const added = { ...fault, id: `fault-${lastId}` };
      faults.push(added);
      changed();
      return added;
    },
    list: () => [...faults],
    remove(id) {
      const before = faults.length;
      faults = faults.filter((fault) => fault.id !== id);
      changed();
      return faults.length < before;
    },
    clear() {
      faults = [];
      changed();
    },
    take(channel, to) {
      const same = faults.filter((fault) => fault.channel === channel);
      const found =
        same.find((fault) => fault.to !== undefined && fault.to.toLowerCase() === to.toLowerCase()) ??
        same.find((fault) => fault.to === undefined);
      if (found === undefined) return undefined;
      if (found.times !== 'always') {
        found.times -= 1;
        if (found.times === 0) faults = faults.filter((fault) => fault !== found);
        changed();
      }
      return found;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
