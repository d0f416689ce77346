import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/** Whoever writes the payment (Stripe, a list, plain SQL): the invoice it is for asks for nothing more than is missing. */
const COVER = `
  create function app.cover_invoice() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
  begin
    update app.invoices i
       set amount_paid = least(i.total_amount, greatest(i.amount_paid, p.paid)),
           status = case when p.paid >= i.total_amount then 'paid' when i.status = 'sent' then 'partially_paid'
                         else i.status end,
           paid_at = case when p.paid >= i.total_amount then coalesce(i.paid_at, p.paid_at, now()) else i.paid_at end
      from (select sum(s.amount) as paid, max(s.paid_at) as paid_at from app.payments s
             where s.organization_id = new.organization_id and s.invoice_id = new.invoice_id
               and s.status in ('succeeded', 'partially_refunded', 'refunded')) p
     where i.organization_id = new.organization_id and i.id = new.invoice_id and p.paid > 0
       and i.status in ('sent', 'partially_paid', 'overdue')
       and (p.paid >= i.total_amount or p.paid > i.amount_paid);
    return null;
  end $$`;

const PREPARE = (refunded: string): string => `
  create or replace function app.prepare_payment() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
       begin
         if new.status = 'succeeded' and new.paid_at is null then new.paid_at := now(); end if;${refunded}
         if tg_op = 'UPDATE' and new.due_on is distinct from old.due_on
            and new.due_changed_at is not distinct from old.due_changed_at then
           new.due_changed_at := now();
         end if;
         return new;
       end $$`;

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    PREPARE(`
         if new.status = 'refunded' and new.amount_refunded = 0 then new.amount_refunded := new.amount; end if;`),
    COVER,
    `comment on function app.cover_invoice() is
       ${literal('What the payments of an invoice have brought in is what it counts as paid; refunds do not make it owed again.')}`,
    `revoke all on function app.cover_invoice() from public`,
    `create trigger cover_invoice after insert or update of status, invoice_id, amount on app.payments
       for each row when (new.invoice_id is not null and new.status in ('succeeded', 'partially_refunded', 'refunded'))
       execute function app.cover_invoice()`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop trigger cover_invoice on app.payments`, `drop function app.cover_invoice()`, PREPARE(''));
}
