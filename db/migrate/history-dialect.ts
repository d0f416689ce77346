import { PostgresDialect, sql, type DatabaseIntrospector, type Kysely, type TableMetadata } from 'kysely';

/**
 * Postgres for kysely's migrator. All that this asks of the catalogue is whether its own tables exist, before each
 * migration; kysely reads every column of every table for the answer, which was half the time of a first start.
 */
export class HistoryDialect extends PostgresDialect {
  readonly #schema: string;

  /** @param schema that holds the migrator's tables and nothing large */
  constructor(config: ConstructorParameters<typeof PostgresDialect>[0], schema: string) {
    super(config);
    this.#schema = schema;
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- kysely's own type for "any database"
  override createIntrospector(db: Kysely<any>): DatabaseIntrospector {
    const schema = this.#schema;
    return {
      async getSchemas() {
        const { rows } = await sql<{ name: string }>`select nspname as name from pg_namespace`.execute(db);
        return rows;
      },
      async getTables() {
        const { rows } = await sql<{ name: string }>`
          select tablename as name from pg_tables where schemaname = ${schema}`.execute(db);
        return rows.map(({ name }): TableMetadata => ({ name, schema, isView: false, isForeign: false, columns: [] }));
      },
    };
  }
}
