import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { tellDue } from '../../db/outbox.ts';
import { withRelay } from '../../db/relay.ts';
import { withTenant, type Trx } from '../../db/tenant.ts';
import { importPayments } from '../../services/payments/import-payments.ts';
import { issueInvoice } from '../../services/payments/issue-invoice.ts';
import { planPayments } from '../../services/payments/plan-payments.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createOrganization } from '../webhooks/endpoint.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db?.close());

const NOW = new Date('2026-11-20T10:00:00Z');

async function createCouple(zone = 'Europe/London') {
  const organizationId = await createOrganization(db);
  await db.query(`update app.organizations set timezone = $2 where id = $1`, [organizationId, zone]);
  const [client] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, external_id, partner_1_name, status, wedding_date)
     values ($1, 'c-1', 'Ana', 'booked', '2027-06-12') returning id`,
    [organizationId],
  );
  const clientId = client?.id ?? '';
  const within = <T>(work: (trx: Trx) => Promise<T>): Promise<T> =>
    withTenant(db.api, { organizationId, actor: 'test' }, work);
  const payments = () =>
    db.query(`select kind, amount, status, due_on::text from app.payments where client_id = $1 order by due_on, kind`, [
      clientId,
    ]);
  return { organizationId, clientId, within, payments };
}

describe('invoice numbers', () => {
  test('have no gap and none twice, though many are issued at once and some are taken back', async () => {
    const { clientId, within } = await createCouple();
    const issue = (fails: boolean) =>
      within(async (trx) => {
        const issued = await issueInvoice(trx, { clientId, subtotalAmount: 1000 }, NOW);
        if (fails) throw new Error('taken back');
        return issued.ok ? issued.number : null;
      }).catch(() => null);
    const numbers = await Promise.all(Array.from({ length: 16 }, (_, index) => issue(index % 4 === 3)));
    const kept = numbers.filter((number) => number !== null).sort();
    expect(kept).toEqual(Array.from({ length: 12 }, (_, index) => `2026-${String(index + 1).padStart(4, '0')}`));
  });

  test('begin anew with the year of the organization’s own calendar, for each organization', async () => {
    const newYearsEve = new Date('2026-12-31T20:00:00Z');
    const issueIn = async (zone: string) => {
      const { clientId, within } = await createCouple(zone);
      return within((trx) => issueInvoice(trx, { clientId, subtotalAmount: 1 }, newYearsEve));
    };
    expect(await issueIn('Europe/London')).toMatchObject({ number: '2026-0001' });
    expect(await issueIn('Australia/Sydney')).toMatchObject({ number: '2027-0001' });
  });

  test('are not used up by an invoice that cannot be', async () => {
    const { clientId, within } = await createCouple();
    const other = await createCouple();
    expect(await within((trx) => issueInvoice(trx, { clientId, subtotalAmount: 1.5 }, NOW))).toMatchObject({
      ok: false,
      problems: [{ path: 'subtotalAmount' }],
    });
    expect(
      await within((trx) => issueInvoice(trx, { clientId: other.clientId, subtotalAmount: 1 }, NOW)),
    ).toMatchObject({
      ok: false,
      problems: [{ path: 'clientId', message: 'There is no such couple.' }],
    });
    expect(await within((trx) => issueInvoice(trx, { clientId, subtotalAmount: 1 }, NOW))).toMatchObject({
      number: '2026-0001',
    });
  });
});

describe('invoices written by another program', () => {
  const number = async (id: string | undefined) => {
    const [row] = await db.query<{ number: string | null }>(
      `select invoice_number as number from app.invoices where id = $1`,
      [id],
    );
    return row?.number;
  };
  const write = async (
    couple: { organizationId: string; clientId: string },
    status: string,
    given: string | null = null,
  ) => {
    const [row] = await db.query<{ id: string }>(
      `insert into app.invoices (organization_id, client_id, invoice_number, status, subtotal_amount, total_amount, issued_at)
       values ($1, $2, $3, $4, 100, 100, '2026-11-20T10:00:00Z') returning id`,
      [couple.organizationId, couple.clientId, given, status],
    );
    return row?.id;
  };

  test('get their number when they are issued, so that a draft thrown away leaves no gap', async () => {
    const couple = await createCouple();
    const [thrownAway, draft] = [await write(couple, 'draft'), await write(couple, 'draft')];
    const first = await write(couple, 'sent');
    expect(await number(draft)).toBe(`draft-${draft ?? ''}`);
    await db.query(`delete from app.invoices where id = $1`, [thrownAway]);
    await db.query(`update app.invoices set status = 'sent' where id = $1`, [draft]);
    expect([await number(first), await number(draft)]).toEqual(['2026-0001', '2026-0002']);
    await db.query(`update app.invoices set status = 'paid' where id = $1`, [draft]);
    expect(await number(draft)).toBe('2026-0002');
  });

  test('keep a number that they bring, and ours pass it over', async () => {
    const couple = await createCouple();
    expect(await number(await write(couple, 'paid', '2026-0001'))).toBe('2026-0001');
    expect(await number(await write(couple, 'sent'))).toBe('2026-0002');
  });

  test('cannot be deleted by the platform once they are issued', async () => {
    const couple = await createCouple();
    const id = await write(couple, 'sent');
    await expect(couple.within((trx) => sql`delete from app.invoices where id = ${id}`.execute(trx))).rejects.toThrow(
      /Invoice 2026-0001 was issued|permission denied/,
    );
    expect(await number(id)).toBe('2026-0001');
  });
});

describe('an invoice whose payments were written by another program', () => {
  test('is paid once they come to its total, whoever wrote them, and is not called overdue', async () => {
    const { organizationId, clientId, within } = await createCouple();
    const issued = await within((trx) =>
      issueInvoice(trx, { clientId, subtotalAmount: 100_000, dueOn: '2026-12-01' }, NOW),
    );
    if (!issued.ok) throw new Error('not issued');
    const pay = (amount: number) =>
      db.query(
        `insert into app.payments (organization_id, client_id, kind, amount, status, invoice_id)
         values ($1, $2, 'instalment', $3, 'succeeded', $4)`,
        [organizationId, clientId, amount, issued.invoiceId],
      );
    const invoice = async () => {
      const [row] = await db.query(
        `select status, amount_paid, paid_at is not null as is_dated from app.invoices where id = $1`,
        [issued.invoiceId],
      );
      return row;
    };
    await pay(40_000);
    expect(await invoice()).toEqual({ status: 'partially_paid', amount_paid: 40_000, is_dated: false });
    await within((trx) =>
      importPayments(
        trx,
        `couple,reference,kind,amount,status,paid_on,invoice\nc-1,R-2,balance,600.00,succeeded,2026-11-25,${issued.number}\n`,
      ),
    );
    expect(await invoice()).toEqual({ status: 'paid', amount_paid: 100_000, is_dated: true });
    await withRelay(db.relay, (trx) => tellDue(trx, new Date('2026-12-05T10:00:00Z')));
    expect(await invoice()).toMatchObject({ status: 'paid' });
  });
});

describe('a payment plan', () => {
  test('becomes payments with their due dates, in one go', async () => {
    const { clientId, within, payments } = await createCouple();
    const plan = {
      clientId,
      totalAmount: 175_000,
      parts: [
        { kind: 'deposit', amount: 30_000, dueOn: '2026-12-01' },
        { kind: 'instalment', amount: 45_000, daysFromWedding: -120 },
        { kind: 'balance', amount: 100_000, daysFromWedding: -42 },
      ],
    };
    expect(await within((trx) => planPayments(trx, plan))).toMatchObject({ ok: true, paymentIds: { length: 3 } });
    expect(await payments()).toEqual([
      { kind: 'deposit', amount: 30_000, status: 'pending', due_on: '2026-12-01' },
      { kind: 'instalment', amount: 45_000, status: 'pending', due_on: '2027-02-12' },
      { kind: 'balance', amount: 100_000, status: 'pending', due_on: '2027-05-01' },
    ]);
  });

  test.each([
    [[{ kind: 'deposit', amount: 1, dueOn: '2026-12-01' }], 'parts', 'the parts come to 1, the whole is 100'],
    [[{ kind: 'deposit', amount: 100 }], 'parts.0', 'either on a date or'],
    [[{ kind: 'deposit', amount: 100, dueOn: '2026-02-30' }], 'parts.0.dueOn', 'date'],
    [[{ kind: 'The Deposit', amount: 100, dueOn: '2026-12-01' }], 'parts.0.kind', 'such as deposit'],
  ])('of %j is refused at %s', async (parts, path, message) => {
    const { clientId, within, payments } = await createCouple();
    const planned = await within((trx) => planPayments(trx, { clientId, totalAmount: 100, parts }));
    expect(planned).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([{ path, message: expect.stringContaining(message) }]),
    });
    expect(await payments()).toEqual([]);
  });
});

describe('payments from a list', () => {
  const HEAD = 'couple,reference,kind,amount,currency,status,due_on';

  test('are written row by row, what is wrong is named by its line, and journeys hear of it', async () => {
    const { clientId, within, payments } = await createCouple();
    const csv = [
      `\uFEFF${HEAD}`,
      'c-1,INV-1,deposit,300.00,gbp,succeeded,2026-12-01',
      'c-1,INV-2,balance,1450,,pending,2027-05-01',
      'c-2,INV-3,balance,1450,GBP,pending,',
      'c-1,INV-4,balance,a lot,GBP,perhaps,01/05/2027',
      'c\0-1,INV-5,balance,1450,GBP,pending,',
    ].join('\r\n');
    expect(await within((trx) => importPayments(trx, csv))).toMatchObject({
      imported: 2,
      refused: [
        { line: 4, message: expect.stringContaining('there is none with the id or address "c-2"') },
        { line: 5, message: expect.stringMatching(/amount is not an amount.*status is one of.*due_on/) },
        { line: 6, message: expect.stringContaining('character that cannot be kept') },
      ],
    });
    expect(await payments()).toEqual([
      { kind: 'deposit', amount: 30_000, status: 'succeeded', due_on: '2026-12-01' },
      { kind: 'balance', amount: 145_000, status: 'pending', due_on: '2027-05-01' },
    ]);
    const told = await db.query(
      `select event from app.outbox where client_id = $1 and event like 'payment.%' order by id`,
      [clientId],
    );
    expect(told.map(({ event }) => event)).toEqual(['payment.scheduled', 'payment.succeeded', 'payment.scheduled']);
  });

  test('say when they were paid, what went back, and for which invoice', async () => {
    const { clientId, within } = await createCouple('America/New_York');
    const csv = [
      'couple,reference,kind,amount,status,paid_on,refunded,invoice',
      'c-1,A,deposit,300.00,succeeded,2026-10-03,,',
      'c-1,B,extra,100.00,partially_refunded,2026-10-04,25.50,',
      'c-1,C,extra,80.00,refunded,2026-10-05,,',
      'c-1,D,extra,80.00,partially_refunded,,,',
      'c-1,E,extra,80.00,succeeded,,90,2026-0009',
      'c-1,F,extra,80.00,succeeded,,,2026-0009',
    ].join('\n');
    expect(await within((trx) => importPayments(trx, csv))).toMatchObject({
      imported: 3,
      refused: [
        { line: 5, message: 'refunded is missing: how much went back' },
        { line: 6, message: 'refunded is more than the amount' },
        { line: 7, message: 'invoice: the couple has none with the number "2026-0009"' },
      ],
    });
    const rows = await db.query(
      `select status, amount_refunded as refunded, paid_at from app.payments where client_id = $1 order by paid_at`,
      [clientId],
    );
    expect(rows).toEqual([
      { status: 'succeeded', refunded: 0, paid_at: new Date('2026-10-03T16:00:00Z') },
      { status: 'partially_refunded', refunded: 2_550, paid_at: new Date('2026-10-04T16:00:00Z') },
      { status: 'refunded', refunded: 8_000, paid_at: new Date('2026-10-05T16:00:00Z') },
    ]);
  });

  test('twice change nothing, and a later list leads them on and never back', async () => {
    const { within, payments } = await createCouple();
    const list = (status: string) => `${HEAD}\nc-1,INV-1,balance,1450.00,GBP,${status},2027-05-01\n`;
    for (const status of ['pending', 'pending', 'succeeded', 'pending'])
      await within((trx) => importPayments(trx, list(status)));
    expect(await payments()).toEqual([{ kind: 'balance', amount: 145_000, status: 'succeeded', due_on: '2027-05-01' }]);
  });
});
