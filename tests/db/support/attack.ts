import { Client } from 'pg';

/** In whose name an attacker's transaction runs. */
export type Context = { organization: string } | 'none' | 'empty';

/** What came of an attack: rows it touched, or the SQLSTATE with which it was refused. */
export type Outcome = { rows: number } | { refused: string };

export interface Attacker {
  /** Runs one statement in a transaction of its own, which is always taken back. */
  attempt: (context: Context, statement: string, values?: readonly unknown[]) => Promise<Outcome>;
  close: () => Promise<void>;
}

/** A connection of one role, as a program with a hole in it would use it. */
export async function openAttacker(url: string): Promise<Attacker> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    attempt: async (context, statement, values = []) => {
      await client.query('begin');
      try {
        if (context !== 'none') {
          const organization = context === 'empty' ? '' : context.organization;
          await client.query(`select set_config('app.organization_id', $1, true)`, [organization]);
        }
        const { rowCount } = await client.query(statement, [...values]);
        return { rows: rowCount ?? 0 };
      } catch (error) {
        return { refused: (error as { code?: string }).code ?? String(error) };
      } finally {
        await client.query('rollback');
      }
    },
    close: () => client.end(),
  };
}
