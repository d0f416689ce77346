import type { Client } from 'pg';

/**
 * Lets the server count what each statement costs, where its administrator has loaded pg_stat_statements: from that
 * ops.check_system_alerts knows which are slow. Elsewhere, or where this role may not do it, nothing happens and nothing
 * is known. The extension has a schema of its own, which no program of ours may use.
 *
 * @param client a superuser, or a role that may create extensions; nobody else is migrating
 */
export async function watchStatements(client: Client): Promise<void> {
  await client.query('begin');
  try {
    const usable = await client.query(
      `select from pg_available_extensions where name = 'pg_stat_statements' and installed_version is null
          and current_setting('shared_preload_libraries') like '%pg_stat_statements%'`,
    );
    if (usable.rowCount !== 0) {
      await client.query('create schema if not exists extensions');
      await client.query('create extension pg_stat_statements schema extensions');
      await client.query('grant usage on schema extensions to app_owner');
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    if ((error as { code?: unknown }).code !== '42501') throw error;
  }
}
