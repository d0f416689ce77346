import { sql, type Kysely } from 'kysely';

/** What a migration receives: no table types, because a migration must not depend on what later ones make of a table. */
// oxlint-disable-next-line typescript/no-explicit-any -- kysely's own type for "any database"
export type MigrationDatabase = Kysely<any>;

/**
 * Runs the statements of one migration in order. Each call is one text of one or more statements without parameters;
 * an error names the statement that failed.
 */
export async function run(db: MigrationDatabase, ...statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    try {
      await sql.raw(statement).execute(db);
    } catch (error) {
      const first = statement.trim().split('\n')[0] ?? '';
      throw new Error(`In "${first.slice(0, 120)}": ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
}

/** A text as an SQL literal: for comments, the one place of a migration where words go into SQL. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
