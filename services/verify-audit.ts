import { sql } from 'kysely';

import type { Database } from '../db/database.ts';
import { withoutTenant } from '../db/without-tenant.ts';

export interface AuditFinding {
  readonly sealNo: string | null;
  readonly code: 'chain_broken' | 'row_count' | 'row_changed' | 'unsealed_row' | 'digest_missing';
  readonly detail: string;
}

export interface AuditVerification {
  readonly seals: number;
  /** Rows that the seals are over; those whose months have come to their end included. */
  readonly rows: number;
  readonly unsealed: number;
  /** SHA-256 of the newest seal, in hex. */
  readonly lastDigest: string | null;
  /** Empty: nothing sealed was changed. */
  readonly findings: readonly AuditFinding[];
}

/**
 * Compares every seal of the audit with the rows it is over and with the one before.
 *
 * @param database opened as app_ops
 * @param kept digests, in hex, which were kept outside the database: each must still be that of a seal
 */
export async function verifyAudit(database: Database, kept: readonly string[] = []): Promise<AuditVerification> {
  return withoutTenant(database, async (trx) => {
    await sql`select set_config('statement_timeout', '30min', true)`.execute(trx);
    const { rows: findings } = await sql<AuditFinding>`
      select seal_no::text as "sealNo", code, detail from audit.verify()`.execute(trx);
    const { rows: missing } = await sql<{ digest: string }>`
      select digest from unnest(${kept.map((digest) => digest.toLowerCase())}::text[]) as digest
       where decode(digest, 'hex') not in (select chain_digest from audit.audit_seals)`.execute(trx);
    const { rows: totals } = await sql<{ seals: string; rows: string; unsealed: string; lastDigest: string | null }>`
      select count(*)::text as seals, coalesce(sum(row_count), 0)::text as rows,
             (select count(*) from audit.audit_logs l
               where l.id > coalesce((select max(to_id) from audit.audit_seals), 0))::text as unsealed,
             (select encode(chain_digest, 'hex') from audit.audit_seals order by seal_no desc limit 1) as "lastDigest"
        from audit.audit_seals`.execute(trx);
    const total = totals[0];
    return {
      seals: Number(total?.seals ?? 0),
      rows: Number(total?.rows ?? 0),
      unsealed: Number(total?.unsealed ?? 0),
      lastDigest: total?.lastDigest ?? null,
      findings: [
        ...findings,
        ...missing.map(({ digest }) => ({
          sealNo: null,
          code: 'digest_missing' as const,
          detail: `No seal has the digest ${digest} any more: seals were made anew after rows were changed.`,
        })),
      ],
    };
  });
}
