import { sql } from 'kysely';
import { z } from 'zod';

import type { Database } from '../db/database.ts';
import type { Trx } from '../db/tenant.ts';
import { withoutTenant } from '../db/without-tenant.ts';

const healthSchema = z.object({
  status: z.enum(['healthy', 'degraded', 'critical']),
  meaning: z.string(),
  unknown: z.array(z.string()),
  checks: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['ok', 'warning', 'critical', 'unknown']),
      value: z.number().nullable(),
      message: z.string(),
    }),
  ),
});

/** An alert that is open: it lasts since then. */
export interface OpenAlert {
  readonly code: string;
  readonly subject: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly message: string;
  /** UTC. */
  readonly since: string;
}

export interface HealthReport {
  readonly health: z.output<typeof healthSchema>;
  readonly alerts: readonly OpenAlert[];
  /** What contradicts itself in the data; asked for only in a thorough check, which also reads every row. */
  readonly contradictions: readonly { check: string; subject: string; rows: number; detail: string }[];
}

/**
 * Asks the database how it is, and brings `ops.alerts` up to date.
 *
 * @param database opened as app_ops
 */
export async function checkDatabase(database: Database, thorough: boolean): Promise<HealthReport> {
  return withoutTenant(database, async (trx) => {
    await sql`select set_config('statement_timeout', '10min', true)`.execute(trx);
    const { rows: health } = await sql<{ health: unknown }>`select ops.get_database_health() as health`.execute(trx);
    const alerts = await updateAlerts(trx);
    const { rows: contradictions } = await sql<{ check: string; subject: string; rows: string; detail: string }>`
      select check_name as "check", subject, found::text as rows, detail
        from ops.verify_data_integrity(${thorough}) where ${thorough}
    `.execute(trx);
    return {
      health: healthSchema.parse(health[0]?.health),
      alerts,
      contradictions: contradictions.map((row) => ({ ...row, rows: Number(row.rows) })),
    };
  });
}

/**
 * Brings `ops.alerts` up to date and answers with those that are open: events that were put aside, late steps, a full
 * disk.
 *
 * @param database opened as app_ops or app_worker
 */
export async function checkAlerts(database: Database): Promise<OpenAlert[]> {
  return withoutTenant(database, updateAlerts);
}

async function updateAlerts(trx: Trx): Promise<OpenAlert[]> {
  const { rows } = await sql<OpenAlert>`
    select code, subject, severity, message, app.iso_instant(since) as since from ops.check_system_alerts()
  `.execute(trx);
  return rows;
}
