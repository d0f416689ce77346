// Loaded before everything else of a process that is to be killed (`node --import`): lets its database statements stop
// at named points, so that a `kill -9` meets it exactly there. Nothing of this is in the product.
import { Client } from 'pg';

/** Where a statement is held. */
export interface Hold {
  readonly name: string;
  /** A part of the statement's text. */
  readonly statement: string;
  /** `before` it is sent, `after` its answer within the transaction, or once the transaction is `committed`. */
  readonly place: 'before' | 'after' | 'committed';
}

/** What the parent says: hold there from now on, or die by yourself at the n-th statement after the next lease. */
export type Order =
  | { readonly holds: readonly Hold[] }
  | { readonly dieAt: { readonly statement: number; readonly place: 'before' | 'after' } };

let holds: readonly Hold[] = [];
let dieAt: { statement: number; place: 'before' | 'after' } | null = null;
/** Statements since the relay leased something; null: it has not. */
let sinceLease: number | null = null;

process.on('message', (order: Order) => {
  if ('holds' in order) holds = order.holds;
  else dieAt = order.dieAt;
  process.send?.({ understood: true });
});
process.channel?.unref();

const LEASE = '/* relay_lease */';
const committing = new WeakMap<object, string>();
/** Connections on which something is held: what would go out behind it is held as well. */
const stopped = new WeakSet<object>();
const forEver = (name: string): Promise<never> => {
  process.send?.({ held: name });
  return new Promise(() => {});
};
const die = (): void => void process.kill(process.pid, 'SIGKILL');

type Query = (this: object, ...args: unknown[]) => unknown;
const { query: original } = Client.prototype as unknown as { query: Query };

async function watched(client: object, args: unknown[], text: string): Promise<unknown> {
  const at = (place: Hold['place']): Hold | undefined =>
    holds.find((hold) => hold.place === place && text.includes(hold.statement));
  if (stopped.has(client)) return new Promise(() => {});
  const before = at('before');
  if (before !== undefined) {
    stopped.add(client);
    return forEver(before.name);
  }
  if (sinceLease !== null) sinceLease += 1;
  // Its own number: while it is under way, statements for other couples are counted.
  const isFatal = sinceLease !== null && dieAt?.statement === sinceLease;
  if (isFatal && dieAt?.place === 'before') die();
  const marked = at('committed');
  if (marked !== undefined) committing.set(client, marked.name);
  const answer = await (original.apply(client, args) as Promise<{ rowCount?: number }>);
  if (text.includes(LEASE) && (answer.rowCount ?? 0) > 0) sinceLease ??= 0;
  if (isFatal && dieAt?.place === 'after') die();
  const after = at('after');
  if (after !== undefined) return forEver(after.name);
  const name = /^commit/i.test(text) ? committing.get(client) : undefined;
  return name === undefined ? answer : forEver(name);
}

const textOf = (statement: unknown): string => {
  if (typeof statement === 'string') return statement;
  return typeof statement === 'object' && statement !== null && 'text' in statement ? String(statement.text) : '';
};

const query: Query = function (...args) {
  // The pool's own questions are asked with a callback; they are none of ours.
  if (typeof args.at(-1) === 'function') return original.apply(this, args);
  return watched(this, args, textOf(args[0]));
};
Client.prototype.query = query as unknown as typeof Client.prototype.query;
