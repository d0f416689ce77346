import { sql } from 'kysely';

import { databaseProblem, type DatabaseProblem } from './database-problem.ts';
import type { Trx } from './tenant.ts';

/**
 * Does some of a transaction's work so that, where the database refuses it, this work alone is taken back and the
 * transaction goes on. It costs two round trips more.
 *
 * @returns what the work gave, or why it was refused
 * @throws what is no refusal: trouble of the database, with which the whole transaction may be tried again, and errors
 *   of the program
 */
export async function orRefused<T>(
  trx: Trx,
  work: () => Promise<T>,
): Promise<{ ok: true; result: T } | { ok: false; problem: DatabaseProblem }> {
  await sql`savepoint or_refused`.execute(trx);
  try {
    const result = await work();
    await sql`release savepoint or_refused`.execute(trx);
    return { ok: true, result };
  } catch (error) {
    const problem = databaseProblem(error);
    if (problem === null || problem.retry) throw error;
    await sql`rollback to savepoint or_refused`.execute(trx);
    return { ok: false, problem };
  }
}
