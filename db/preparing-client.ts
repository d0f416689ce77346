import { createHash } from 'node:crypto';

import { Client, type QueryResult } from 'pg';

/**
 * A text of those that run all the time introduces itself by a comment at its beginning, and is prepared once a
 * connection: kysely sends every statement unnamed, so that the server parses and plans it anew each time, which is
 * nearly half of its work.
 *
 * - `name`: nothing more.
 * - `name ahead`: its answer says nothing, and what comes next goes out behind it at once. Where it fails, the server
 *   refuses whatever follows and takes the transaction back at its "commit": these fail with what was said of it.
 * - `name last`: nothing follows it in its transaction, whose "commit" goes out behind it at once. Whoever asks for
 *   something more is refused.
 * - `name ahead of last`: the same as `ahead`, and what comes next is the last.
 */
const INTRODUCTION = /^\s*\/\* ([a-z0-9_-]{1,40})(?: (ahead|last|ahead of last))? \*\/\s/;

/** A connection keeps every named statement until it ends, so the number of variants is bounded. */
const MOST_NAMES = 200;

interface Introduced {
  /** With a hash, because one name must mean one text, and fragments may make variants of it. */
  readonly name: string | undefined;
  readonly place: 'ahead' | 'last' | 'ahead of last' | undefined;
}

/** What stands for an answer that nobody waits for. */
const SENT = { command: '', rowCount: null, rows: [], oid: 0, fields: [] };

/** One connection, which prepares what runs all the time, and waits for no answer that says nothing. */
export class PreparingClient extends Client {
  readonly #introduced = new Map<string, Introduced>();
  /** What became of a statement of this transaction that nobody waited for. */
  #failure: Error | null = null;
  /** The commit that went out behind the last statement of this transaction. */
  #commit: Promise<QueryResult> | null = null;
  #isLastNext = false;

  override query(...args: unknown[]): never {
    const [text, values, ...rest] = args;
    // As kysely asks. What the pool and others ask in their own ways is none of our business.
    const isPlain = typeof text === 'string' && rest.length === 0 && (values === undefined || Array.isArray(values));
    if (!isPlain) return super.query(...(args as [string])) as never;
    return this.#take(text, values as unknown[] | undefined) as never;
  }

  #take(text: string, values: unknown[] | undefined): Promise<unknown> {
    const commit = this.#commit;
    if (commit !== null) {
      this.#commit = null;
      // Where the last statement was refused the server has taken all of it back by itself.
      if (text === 'commit' || text === 'rollback') return this.#withCause(text, commit);
      return Promise.reject(
        new Error(`The transaction has ended with its last statement; this came behind it: ${text}`),
      );
    }
    if (text === 'begin' || text.startsWith('rollback to ')) this.#failure = null;
    const { name, place } = this.#introduce(text);
    const isLast = place === 'last' || (this.#isLastNext && text !== 'commit' && text !== 'rollback');
    this.#isLastNext = place === 'ahead of last';
    const sent = this.#send(name, text, values);
    if (text === 'begin' || place === 'ahead' || place === 'ahead of last') {
      sent.catch((error: Error) => (this.#failure ??= error));
      return Promise.resolve(SENT);
    }
    if (isLast) {
      this.#commit = this.#send(undefined, 'commit', undefined);
      this.#commit.catch(() => undefined);
    }
    return this.#withCause(text, sent);
  }

  #send(name: string | undefined, text: string, values: unknown[] | undefined): Promise<QueryResult> {
    return name === undefined ? super.query(text, values) : super.query({ name, text, values });
  }

  /** The answer, or what was wrong in the first place where it only says that something was. */
  async #withCause(text: string, sent: Promise<QueryResult>): Promise<QueryResult> {
    try {
      const answer = await sent;
      if (text === 'commit' && answer.command === 'ROLLBACK' && this.#failure !== null) throw this.#failure;
      return answer;
    } catch (error) {
      if (isLoss(error)) this.#failure ??= error;
      throw this.#failure !== null && saysNothing(error) ? this.#failure : error;
    } finally {
      // What ended the connection stays the answer to whatever it is asked.
      if ((text === 'commit' || text === 'rollback') && !isLoss(this.#failure)) this.#failure = null;
    }
  }

  #introduce(text: string): Introduced {
    const known = this.#introduced.get(text);
    if (known !== undefined) return known;
    const [, given, place] = INTRODUCTION.exec(text) ?? [];
    const isNamed = given !== undefined && this.#introduced.size < MOST_NAMES;
    const name = isNamed ? `${given}_${createHash('md5').update(text).digest('hex').slice(0, 12)}` : undefined;
    const introduced = { name, place: place as Introduced['place'] };
    if (isNamed) this.#introduced.set(text, introduced);
    return introduced;
  }
}

/** The connection has ended: said by the driver, which knows no severity, or by the server as its last word. */
const isLoss = (error: unknown): error is Error =>
  error instanceof Error && (!('severity' in error) || error.severity === 'FATAL');

/** The server did not look at the statement, because one before it had failed, or it was lost with the connection. */
const saysNothing = (error: unknown): boolean =>
  isLoss(error) || (error instanceof Error && 'code' in error && error.code === '25P02');
