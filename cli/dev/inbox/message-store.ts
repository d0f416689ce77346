import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { caughtMessageSchema, type CaughtMessage } from './caught-message.ts';

export type MessageFilter = {
  channel?: string | undefined;
  to?: string | undefined;
  subject?: string | undefined;
  /** Looks into sender, recipients, subject and text. */
  search?: string | undefined;
  communicationId?: string | undefined;
};

export type StoreEvent =
  | { kind: 'added'; message: CaughtMessage }
  | { kind: 'deleted'; id: string }
  | { kind: 'cleared' };

export type MessageStore = {
  /** Keeps a message; a second one with the same id replaces the first. */
  put(message: CaughtMessage): void;
  get(id: string): CaughtMessage | undefined;
  /** Newest first. */
  list(filter?: MessageFilter): CaughtMessage[];
  delete(id: string): boolean;
  clear(): void;
  /** Brings back what the last deletion took, in its old place; resolves with how many that were. */
  undo(): number;
  /** Tells of every change until the returned function is called. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
};

const KEPT_MESSAGES = 5_000;
const lineSchema = z.union([
  z.strictObject({ put: caughtMessageSchema }),
  z.strictObject({ delete: z.string() }),
  z.strictObject({ clear: z.literal(true) }),
]);

/**
 * Keeps messages in memory and, where a folder is given, in a file that a later start reads again. The file is a log of
 * what happened, a line each, so that keeping a message costs one append; it is rewritten when it is opened.
 */
export function openMessageStore(dataFolder?: string): MessageStore {
  const file = dataFolder === undefined ? undefined : join(dataFolder, 'inbox.ndjson');
  const messages = new Map<string, CaughtMessage>();
  let removed: CaughtMessage[] = [];
  const listeners = new Set<(event: StoreEvent) => void>();
  if (file !== undefined && dataFolder !== undefined) {
    mkdirSync(dataFolder, { recursive: true });
    replay(file, messages);
    // Written beside and moved into place: a kill in between leaves the old file or the new one, never half of one.
    writeFileSync(`${file}.new`, [...messages.values()].map((put) => `${JSON.stringify({ put })}\n`).join(''));
    renameSync(`${file}.new`, file);
  }
  const log = (line: object): void => {
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  const tell = (event: StoreEvent): void => {
    for (const listener of listeners) listener(event);
  };

  const drop = (id: string): boolean => {
    const existed = messages.delete(id);
    if (existed) {
      log({ delete: id });
      tell({ kind: 'deleted', id });
    }
    return existed;
  };

  return {
    put(message) {
      messages.set(message.id, message);
      log({ put: message });
      const oldest = messages.keys().next();
      if (messages.size > KEPT_MESSAGES && oldest.done !== true) drop(oldest.value);
      tell({ kind: 'added', message });
    },
    get: (id) => messages.get(id),
    list: (filter = {}) => [...messages.values()].filter((message) => matches(message, filter)).toReversed(),
    delete(id) {
      const message = messages.get(id);
      if (message === undefined) return false;
      removed = [message];
      return drop(id);
    },
    clear() {
      if (messages.size > 0) removed = [...messages.values()];
      messages.clear();
      log({ clear: true });
      tell({ kind: 'cleared' });
    },
    undo() {
      const back = removed;
      removed = [];
      const all = [...back, ...messages.values()].sort((a, b) => a.receivedAt.localeCompare(b.receivedAt));
      messages.clear();
      for (const message of all) messages.set(message.id, message);
      for (const message of back) {
        log({ put: message });
        tell({ kind: 'added', message });
      }
      return back.length;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function replay(file: string, messages: Map<string, CaughtMessage>): void {
  if (!existsSync(file)) return;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const parsed = lineSchema.safeParse(readJson(line));
    // The last line may be half written after a kill; anything else that is not ours is not worth a failed start.
    if (!parsed.success) continue;
    if ('put' in parsed.data) messages.set(parsed.data.put.id, parsed.data.put);
    else if ('delete' in parsed.data) messages.delete(parsed.data.delete);
    else messages.clear();
  }
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function matches(message: CaughtMessage, filter: MessageFilter): boolean {
  const has = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());
  if (filter.channel !== undefined && message.channel !== filter.channel) return false;
  if (filter.communicationId !== undefined && message.communicationId !== filter.communicationId) return false;
  const { to, subject, search } = filter;
  if (to !== undefined && !message.to.some((address) => has(address, to))) return false;
  if (subject !== undefined && !has(message.subject, subject)) return false;
  if (search === undefined) return true;
  return [message.from, ...message.to, message.subject, message.text].some((text) => has(text, search));
}
