import type { TestDatabase } from '../../support/postgres.ts';

/**
 * Does something to the database, looks at it, and takes it all back: a hundred times cheaper than a database for each
 * test. Everything goes over the superuser's connection, for only that sees what is not committed.
 */
export async function undone<T>(db: TestDatabase, work: () => Promise<T>): Promise<T> {
  await db.query('begin');
  try {
    return await work();
  } finally {
    await db.query('rollback');
  }
}
