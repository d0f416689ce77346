import { sql } from 'kysely';
import type { Trx } from './tenant.ts';

/** Something that was done and changed no row. */
export interface Deed {
  /** `payloads.decoded`. */
  readonly deed: string;
  /** `user:<id>`, `admin:<name>`. */
  readonly actor: string;
  /** What it was done to; nothing that tells anything about a person. */
  readonly subject: { readonly type: string; readonly id: string };
  readonly details: Readonly<Record<string, string | number>>;
}

/** Puts a deed into the audit trail, in the organization of the transaction, or in none. */
export async function recordDeed(trx: Trx, { deed, actor, subject, details }: Deed): Promise<void> {
  await sql`select set_config('app.actor', ${actor}, true)`.execute(trx);
  await sql`select audit.record(${deed}, ${subject.type}, ${subject.id}, ${JSON.stringify(details)}::jsonb)`.execute(
    trx,
  );
}
