import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/** An instalment is a payment at once: what is due shows in one place, and its day is an anchor. */
const MAKE_PAYMENT = `
  create function app.make_payment_of_schedule() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
  declare
    due date := coalesce(new.due_on, (select c.wedding_date + new.days_from_wedding from app.clients c
                                       where c.organization_id = new.organization_id and c.id = new.client_id));
  begin
    if new.payment_id is null then
      insert into app.payments (organization_id, client_id, kind, amount, currency, due_on)
      values (new.organization_id, new.client_id, new.kind, new.amount, new.currency, due)
      returning id into new.payment_id;
    elsif tg_op = 'UPDATE' then
      update app.payments p set kind = new.kind, amount = new.amount, currency = new.currency, due_on = due
       where p.organization_id = new.organization_id and p.id = new.payment_id and p.status in ('pending', 'failed')
         and (p.kind, p.amount, p.currency, p.due_on) is distinct from (new.kind, new.amount, new.currency, due);
    end if;
    return new;
  end $$`;

/** What is not yet paid moves with the wedding: once a statement, because ten thousand weddings may move at once. */
const MOVE_PAYMENTS = `
  create function app.move_scheduled_payments() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
  begin
    if exists (select from new_rows n join old_rows o using (id) where n.wedding_date is distinct from o.wedding_date) then
      update app.payments p set due_on = n.wedding_date + s.days_from_wedding
        from new_rows n
        join old_rows o using (id)
        join app.payment_schedules s on s.organization_id = n.organization_id and s.client_id = n.id
       where n.wedding_date is distinct from o.wedding_date and s.days_from_wedding is not null
         and p.organization_id = s.organization_id and p.id = s.payment_id and p.status in ('pending', 'failed')
         and p.due_on is distinct from n.wedding_date + s.days_from_wedding;
    end if;
    return null;
  end $$`;

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    MAKE_PAYMENT,
    MOVE_PAYMENTS,
    `comment on function app.move_scheduled_payments() is
       ${literal('Payments that are due so many days from the wedding move with it, as long as they are not paid.')}`,
    `create trigger make_payment before insert or update on app.payment_schedules
       for each row execute function app.make_payment_of_schedule()`,
    `create trigger move_scheduled_payments after update on app.clients
       referencing old table as old_rows new table as new_rows
       for each statement execute function app.move_scheduled_payments()`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop trigger move_scheduled_payments on app.clients`,
    `drop trigger make_payment on app.payment_schedules`,
    `drop function app.move_scheduled_payments()`,
    `drop function app.make_payment_of_schedule()`,
  );
}
