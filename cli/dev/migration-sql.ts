import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type QueryResult,
} from 'kysely';

import type { ReversibleMigration } from '../../db/migrations/index.ts';

/** The statements that a migration runs upwards, as text, without running them anywhere. */
export async function migrationSql(migration: ReversibleMigration): Promise<string> {
  const statements: string[] = [];
  const connection: DatabaseConnection = {
    executeQuery: <R>({ sql }: { sql: string }): Promise<QueryResult<R>> => {
      statements.push(sql);
      return Promise.resolve({ rows: [] });
    },
    streamQuery: () => {
      throw new Error('A migration reads no streams.');
    },
  };
  class RecordingDriver extends DummyDriver {
    override acquireConnection(): Promise<DatabaseConnection> {
      return Promise.resolve(connection);
    }
  }
  const db = new Kysely({
    dialect: {
      createDriver: () => new RecordingDriver(),
      createAdapter: () => new PostgresAdapter(),
      createQueryCompiler: () => new PostgresQueryCompiler(),
      createIntrospector: (database) => new PostgresIntrospector(database),
    },
  });
  await migration.up(db);
  return statements.map((statement) => `${statement.trim()};\n`).join('\n');
}
