import { sql } from 'kysely';
import { z } from 'zod';

import { cancelParts, changePart, countPlanned, openParts } from '../../db/payment-desk.ts';
import type { Trx } from '../../db/tenant.ts';

const partSchema = z
  .strictObject({
    kind: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'is small letters, digits and _, such as deposit'),
    amount: z.int('is a whole number of the smallest unit').min(1).max(2_000_000_000),
    dueOn: z.iso.date().optional(),
    /** Negative: before the wedding. The due date moves with it. */
    daysFromWedding: z.int().min(-3_650).max(3_650).optional(),
  })
  .refine((part) => (part.dueOn === undefined) !== (part.daysFromWedding === undefined), {
    error: 'is due either on a date or so many days from the wedding',
  });

const planSchema = z
  .strictObject({
    clientId: z.uuid(),
    totalAmount: z.int().min(1),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'is three capital letters such as GBP')
      .default('GBP'),
    parts: z.array(partSchema).min(1).max(60),
    /** Instead of the plan there is: unpaid parts of the same kind are changed, the other unpaid ones cancelled. */
    replace: z.boolean().default(false),
  })
  .superRefine(({ parts, totalAmount }, context) => {
    const sum = parts.reduce((total, part) => total + part.amount, 0);
    if (sum === totalAmount) return;
    const message = `the parts come to ${sum}, the whole is ${totalAmount}`;
    context.addIssue({ code: 'custom', path: ['parts'], message });
  });

export type PaymentPlanning =
  | { ok: true; paymentIds: string[] }
  | { ok: false; problems: { path: string; message: string }[] };

/**
 * Gives a couple its payment plan: deposit, instalments, balance. Each part is a payment at once (a trigger makes it), so
 * that its due date is an anchor; what is due so many days from the wedding moves with it until it is paid.
 */
export async function planPayments(trx: Trx, input: unknown): Promise<PaymentPlanning> {
  const parsed = planSchema.safeParse(input);
  if (!parsed.success) {
    return { ok: false, problems: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) };
  }
  const { clientId, currency, parts, replace } = parsed.data;
  if (!replace && (await countPlanned(trx, clientId)) > 0) {
    return { ok: false, problems: [{ path: 'clientId', message: 'The couple has a payment plan. Replace it.' }] };
  }
  const open = await openParts(trx, clientId);
  const [changed, added]: [string[], typeof parts] = [[], []];
  for (const part of parts) {
    const place = open.findIndex(({ kind }) => kind === part.kind);
    const [known] = place === -1 ? [] : open.splice(place, 1);
    if (known === undefined) {
      added.push(part);
      continue;
    }
    const { amount, dueOn = null, daysFromWedding = null } = part;
    await changePart(trx, known.scheduleId, { amount, currency, dueOn, daysFromWedding });
    changed.push(known.paymentId);
  }
  await cancelParts(trx, open);
  if (added.length === 0) return { ok: true, paymentIds: changed };
  const { rows } = await sql<{ paymentId: string }>`
    insert into app.payment_schedules (client_id, kind, amount, currency, due_on, days_from_wedding)
    select c.id, p.kind, p.amount, ${currency}, p."dueOn", p."daysFromWedding"
    from app.clients c, jsonb_to_recordset(${JSON.stringify(added)}::jsonb)
      as p (kind text, amount integer, "dueOn" date, "daysFromWedding" integer)
    where c.id = ${clientId} and c.deleted_at is null
    returning payment_id as "paymentId"
  `.execute(trx);
  if (rows.length === 0) return { ok: false, problems: [{ path: 'clientId', message: 'There is no such couple.' }] };
  return { ok: true, paymentIds: [...changed, ...rows.map(({ paymentId }) => paymentId)] };
}
