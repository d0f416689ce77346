import { sql } from 'kysely';
import { z } from 'zod';

import { findCouple } from '../../db/find-couple.ts';
import type { Trx } from '../../db/tenant.ts';

const sentEventSchema = z.strictObject({
  /** Id, external id or email address of the couple. */
  client: z.string().min(1).max(320),
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_.]{0,79}$/, 'is small letters, digits, _ and full stops, such as tasting.booked'),
  data: z.record(z.string(), z.json()).default({}),
  at: z.iso.datetime({ offset: true }).optional(),
  /** The same key is the same event, told once. */
  key: z.string().min(1).max(200).optional(),
});

export type EventSending =
  | { ok: true; clientId: string; isNew: boolean }
  | { ok: false; code: 'invalid' | 'no_client' | 'several_clients' | 'reserved'; message: string };

/** Our own words, which only rows may tell: whoever wants a payment to have succeeded writes the payment. */
const RESERVED =
  /^(client\.(created|booked|status|cancelled)|wedding_date\.set|payment\.(scheduled|due|succeeded|failed)|invoice\.overdue|form\.submitted|core_field\.changed)$/;

/** Tells a couple's journeys of something that happened: they may start on it, wait for it or stop by it. */
export async function sendEvent(trx: Trx, input: unknown): Promise<EventSending> {
  const parsed = sentEventSchema.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    return { ok: false, code: 'invalid', message: problems.join(' ') };
  }
  const { client, name, data, at, key } = parsed.data;
  if (RESERVED.test(name)) {
    const message = `"${name}" is one of our own events: it is told when the row changes. Change the row, or choose another name.`;
    return { ok: false, code: 'reserved', message };
  }
  const couple = await findCouple(trx, client);
  if (!couple.ok) return couple;
  const { numAffectedRows = 0n } = await sql`
    insert into app.client_events (client_id, name, occurred_at, data, source, dedup_key)
    values (${couple.clientId}, ${name}, coalesce(${at ?? null}::timestamptz, now()), ${JSON.stringify(data)}::jsonb, 'api',
      ${key ?? null})
    on conflict (organization_id, dedup_key) where dedup_key is not null do nothing
  `.execute(trx);
  return { ok: true, clientId: couple.clientId, isNew: numAffectedRows > 0n };
}
