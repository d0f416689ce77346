import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/**
 * Numbers are given when an invoice is issued, by whoever issues it. Only then: a draft that is thrown away leaves no
 * gap. The counter's row is held until the transaction ends, and goes back with it. Numbers that came from elsewhere
 * (an older program, Stripe) are passed over.
 */
const NUMBER = `
  create function app.number_invoice() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
  declare
    for_year integer;
    taken text;
  begin
    if new.status = 'draft' then
      new.invoice_number := coalesce(new.invoice_number, 'draft-' || new.id);
      return new;
    end if;
    new.issued_at := coalesce(new.issued_at, now());
    if new.invoice_number <> 'draft-' || new.id then return new; end if;
    select extract(year from new.issued_at at time zone o.timezone) into for_year
      from app.organizations o where o.id = new.organization_id;
    loop
      insert into app.invoice_counters as c (organization_id, year, last_number)
      values (new.organization_id, for_year, 1)
      on conflict (organization_id, year) do update set last_number = c.last_number + 1
      returning year || '-' || lpad(last_number::text, greatest(4, length(last_number::text)), '0') into taken;
      exit when not exists (select from app.invoices i
                             where i.organization_id = new.organization_id and i.invoice_number = taken);
    end loop;
    new.invoice_number := taken;
    return new;
  end $$`;

const KEEP = `
  create function app.keep_issued_invoice() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
  begin
    if old.status <> 'draft' and current_user in ('app_api', 'app_worker') then
      raise exception using errcode = 'restrict_violation',
        message = format('Invoice %s was issued: its number would be missing.', old.invoice_number),
        hint = 'Set its status to void instead.';
    end if;
    return old;
  end $$`;

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `comment on column app.invoices.invoice_number is
       ${literal('Leave it out: given when the invoice is issued, without gaps for each organization and year. A draft has draft-<id>.')}`,
    NUMBER,
    KEEP,
    ...['number_invoice', 'keep_issued_invoice'].map((name) => `revoke all on function app.${name}() from public`),
    `create trigger number_invoice before insert or update on app.invoices
       for each row execute function app.number_invoice()`,
    `create trigger keep_issued_invoice before delete on app.invoices
       for each row execute function app.keep_issued_invoice()`,
    `drop function app.next_invoice_number(integer)`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function app.next_invoice_number(for_year integer) returns text language sql
       set search_path = pg_catalog, pg_temp
       begin atomic
         insert into app.invoice_counters as c (organization_id, year, last_number)
         values (app.current_org_id(), for_year, 1)
         on conflict (organization_id, year) do update set last_number = c.last_number + 1
         returning year || '-' || lpad(last_number::text, 4, '0');
       end`,
    `comment on function app.next_invoice_number(integer) is
       'The next number of the current organization, such as 2027-0012; given back if the transaction is.'`,
    `revoke all on function app.next_invoice_number(integer) from public`,
    `grant execute on function app.next_invoice_number(integer) to app_api, app_worker`,
    `drop trigger keep_issued_invoice on app.invoices`,
    `drop trigger number_invoice on app.invoices`,
    `drop function app.keep_issued_invoice()`,
    `drop function app.number_invoice()`,
    `comment on column app.invoices.invoice_number is null`,
  );
}
