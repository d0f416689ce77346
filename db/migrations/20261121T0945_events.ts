import { createEventTrigger, dropEventTrigger, type EventTrigger } from '../migrate/event-trigger.ts';
import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** Inserts a row for each event of `events`, a query of (organization_id, client_id, name, ref, data). */
const tell = (events: string): string => `
  insert into app.client_events (organization_id, client_id, name, ref, data, source)
  select organization_id, client_id, name, ref, data, 'system' from (${events}) events;`;

/** Wakes the plans that may look different now; `rows` is a query of (organization_id, client_id, ref, details). */
const wake = (rows: string): string => `
  insert into app.outbox (organization_id, client_id, event, ref, details)
  select organization_id, client_id, 'facts.changed', ref, details from (${rows}) changes;`;

const what = (word: string, more = ''): string => `jsonb_build_object('what', '${word}'${more})`;

const CLIENTS: EventTrigger = {
  name: 'tell_client',
  table: 'clients',
  on: {
    insert: tell(`
      select organization_id, id as client_id, 'client.created' as name, id::text as ref,
             jsonb_build_object('status', status) as data, 1 as place
        from new_rows
      union all
      select organization_id, id, 'client.booked', id::text, jsonb_build_object('status', status), 2
        from new_rows where status = 'booked'
      union all
      select organization_id, id, 'wedding_date.set', id::text, jsonb_build_object('date', wedding_date), 3
        from new_rows where wedding_date is not null
      order by place`),
    // The rows are joined once: ten thousand of them may have changed.
    update: `
      with changed as materialized (
        select n.organization_id, n.id as client_id, n.id::text as ref, n.status, o.status as old_status,
               n.wedding_date, o.wedding_date as old_date,
               n.deleted_at is not null and o.deleted_at is null as deleted,
               (n.wedding_time, n.wedding_timezone, n.postponed_at, n.tags, n.key_dates, n.metadata, n.deleted_at is null)
                 is distinct from
                 (o.wedding_time, o.wedding_timezone, o.postponed_at, o.tags, o.key_dates, o.metadata, o.deleted_at is null)
                 or (n.wedding_date is null and o.wedding_date is not null) as plans_differ
          from new_rows n join old_rows o using (id)
      ), wake as (
        insert into app.outbox (organization_id, client_id, event, ref, details)
        select organization_id, client_id, 'client.deleted', ref, '{}' from changed where deleted
        union all
        select organization_id, client_id, 'facts.changed', ref, ${what('client')} from changed where plans_differ
      )
      ${tell(`
        select organization_id, client_id, 'client.status' as name, ref,
               jsonb_build_object('status', status, 'previous', old_status) as data, 1 as place
          from changed where status <> old_status
        union all
        select organization_id, client_id, 'client.' || status, ref,
               jsonb_build_object('status', status, 'previous', old_status), 2
          from changed where status <> old_status and status in ('booked', 'cancelled')
        union all
        select organization_id, client_id, 'wedding_date.set', ref,
               jsonb_build_object('date', wedding_date, 'previous', old_date), 3
          from changed where wedding_date is distinct from old_date and wedding_date is not null
        order by place`)}`,
  },
};

const PAYMENT_DATA = `jsonb_build_object('kind', n.kind, 'status', n.status, 'dueOn', n.due_on, 'amount', n.amount,
  'currency', n.currency)`;

const PAYMENTS: EventTrigger = {
  name: 'tell_payment',
  table: 'payments',
  on: {
    insert: tell(`
      select organization_id, client_id, 'payment.scheduled' as name, id::text as ref, ${PAYMENT_DATA} as data, 1 as place
        from new_rows n where due_on is not null
      union all
      select organization_id, client_id, 'payment.' || status, id::text, ${PAYMENT_DATA}, 2
        from new_rows n where status in ('succeeded', 'failed')
      order by place`),
    update: `
      ${tell(`
        select n.organization_id, n.client_id, 'payment.scheduled' as name, n.id::text as ref, ${PAYMENT_DATA} as data,
               1 as place
          from new_rows n join old_rows o using (id) where n.due_on is distinct from o.due_on and n.due_on is not null
        union all
        select n.organization_id, n.client_id, 'payment.' || n.status, n.id::text, ${PAYMENT_DATA}, 2
          from new_rows n join old_rows o using (id)
         where n.status <> o.status and n.status in ('succeeded', 'failed')
        order by place`)}
      ${wake(`
        select n.organization_id, n.client_id, n.id::text as ref, ${what('payment')} as details
          from new_rows n join old_rows o using (id)
         where (n.due_on is null and o.due_on is not null) or n.kind <> o.kind or n.amount <> o.amount
            or (n.status <> o.status and n.status not in ('succeeded', 'failed'))`)}`,
    delete: wake(`select organization_id, client_id, id::text as ref, ${what('payment')} as details from old_rows`),
  },
};

const INVOICES: EventTrigger = {
  name: 'tell_invoice',
  table: 'invoices',
  on: {
    insert: tell(`
      select organization_id, client_id, 'invoice.overdue' as name, id::text as ref,
             jsonb_build_object('number', invoice_number, 'dueOn', due_date) as data
        from new_rows where status = 'overdue'`),
    update: tell(`
      select n.organization_id, n.client_id, 'invoice.overdue' as name, n.id::text as ref,
             jsonb_build_object('number', n.invoice_number, 'dueOn', n.due_date) as data
        from new_rows n join old_rows o using (id) where n.status = 'overdue' and o.status <> 'overdue'`),
  },
};

const submitted = (rows: string): string =>
  tell(`
    select n.organization_id, n.client_id, 'form.submitted' as name, n.id::text as ref,
           jsonb_build_object('form', f.slug) as data
      from ${rows} join app.forms f on f.organization_id = n.organization_id and f.id = n.form_id`);

const FORM_SUBMISSIONS: EventTrigger = {
  name: 'tell_form_submission',
  table: 'form_submissions',
  on: {
    insert: submitted(`(select * from new_rows where status <> 'draft') n`),
    update: submitted(`(select n.* from new_rows n join old_rows o using (id)
                          where n.status <> 'draft' and o.status = 'draft') n`),
  },
};

const fieldChanged = (rows: string): string =>
  tell(`
    select organization_id, client_id, 'core_field.changed' as name, id::text as ref,
           jsonb_build_object('field', field_key) as data from ${rows}`);

const CORE_FIELD_VALUES: EventTrigger = {
  name: 'tell_core_field',
  table: 'core_field_values',
  on: {
    insert: fieldChanged('new_rows'),
    update: fieldChanged('(select n.* from new_rows n join old_rows o using (id) where n.value <> o.value) n'),
    delete: fieldChanged('old_rows'),
  },
};

/** Tables whose every change of a row with a client may change the client's plans. */
const simpleWake = (name: string, table: string, word: string, kinds: readonly ('insert' | 'update' | 'delete')[]) => ({
  name,
  table,
  on: Object.fromEntries(
    kinds.map((kind) => [
      kind,
      wake(`select organization_id, client_id, id::text as ref, ${what(word)} as details
              from ${kind === 'delete' ? 'old_rows' : 'new_rows'}`),
    ]),
  ),
});

const suppressed = (rows: string): string =>
  wake(`
    select distinct c.organization_id, c.client_id, s.id::text as ref, ${what('suppression')} as details
      from ${rows} s
      join app.client_contacts c on c.organization_id = s.organization_id and c.address_hash = s.address_hash`);

const held = (rows: string): string =>
  wake(`
    select h.organization_id, coalesce(h.client_id, e.client_id) as client_id, h.id::text as ref,
           ${what('hold', `, 'scope', h.scope, 'journeyId', h.journey_id, 'executionId', h.execution_id`)} as details
      from ${rows} h
      left join app.journey_executions e on e.organization_id = h.organization_id and e.id = h.execution_id`);

const decided = (rows: string): string =>
  wake(`
    select e.organization_id, e.client_id, a.id::text as ref,
           ${what('approval', `, 'executionId', e.id`)} as details
      from ${rows} a
      join app.journey_executions e on e.organization_id = a.organization_id and e.id = a.execution_id
     where a.decision is not null`);

const TRIGGERS: readonly EventTrigger[] = [
  CLIENTS,
  PAYMENTS,
  INVOICES,
  FORM_SUBMISSIONS,
  CORE_FIELD_VALUES,
  simpleWake('tell_contact', 'client_contacts', 'contact', ['insert', 'update', 'delete']),
  simpleWake('tell_consent', 'consents', 'consent', ['insert']),
  {
    name: 'tell_suppression',
    table: 'suppressions',
    on: { insert: suppressed('new_rows'), update: suppressed('new_rows'), delete: suppressed('old_rows') },
  },
  {
    name: 'tell_hold',
    table: 'holds',
    on: { insert: held('new_rows'), update: held('new_rows'), delete: held('old_rows') },
  },
  { name: 'tell_approval', table: 'approvals', on: { insert: decided('new_rows'), update: decided('new_rows') } },
  {
    name: 'tell_task',
    table: 'tasks',
    on: {
      update: wake(`
        select n.organization_id, n.client_id, n.id::text as ref,
               ${what('task', `, 'executionId', n.execution_id`)} as details
          from new_rows n join old_rows o using (id) where n.status <> o.status and n.execution_id is not null`),
    },
  },
  {
    name: 'tell_settings',
    table: 'organization_settings',
    on: {
      insert: wake(
        `select organization_id, null::uuid as client_id, null as ref, ${what('settings')} as details from new_rows`,
      ),
      update: wake(
        `select organization_id, null::uuid as client_id, null as ref, ${what('settings')} as details from new_rows`,
      ),
    },
  },
  {
    name: 'tell_organization',
    table: 'organizations',
    on: {
      update: wake(`
        select n.id as organization_id, null::uuid as client_id, null as ref, ${what('settings')} as details
          from new_rows n join old_rows o using (id) where n.timezone <> o.timezone`),
    },
  },
  {
    // The worker's own sending must not wake the worker; what a receipt or a person found out about an unknown must.
    name: 'tell_communication',
    table: 'communications',
    on: {
      update: wake(`
        select n.organization_id, n.client_id, n.id::text as ref,
               ${what('communication', `, 'executionId', n.execution_id`)} as details
          from new_rows n join old_rows o using (id)
         where o.status = 'unknown' and n.status <> 'unknown' and n.execution_id is not null`),
    },
  },
];

export async function up(db: MigrationDatabase): Promise<void> {
  for (const trigger of TRIGGERS) await run(db, ...createEventTrigger(trigger));
  await run(
    db,
    // Called by the relay: a day comes without anybody writing a row. Each due date is told once.
    `create function app.tell_due(at timestamptz) returns integer language plpgsql security definer
       set search_path = pg_catalog, pg_temp as $$
     declare
       told integer;
     begin
       with due as (
         update app.payments p set due_event_on = p.due_on
           from app.organizations o
          where o.id = p.organization_id and o.deleted_at is null
            and p.status in ('pending', 'failed')
            and p.due_on <= (at at time zone o.timezone)::date
            and p.due_event_on is distinct from p.due_on
         returning p.*
       ), overdue as (
         update app.invoices i set overdue_event_on = i.due_date, status = 'overdue'
           from app.organizations o
          where o.id = i.organization_id and o.deleted_at is null
            and i.status in ('sent', 'partially_paid')
            and i.due_date < (at at time zone o.timezone)::date
            and i.overdue_event_on is distinct from i.due_date
         returning 1
       ), events as (
         insert into app.client_events (organization_id, client_id, name, ref, data, source)
         select organization_id, client_id, 'payment.due', id::text, ${PAYMENT_DATA}, 'system' from due n
         returning 1
       ), asked as (
         insert into app.tasks (organization_id, client_id, dedup_key, title, assignee_role)
         select c.organization_id, c.id, 'postponed/' || c.id || '/' || extract(epoch from c.postponed_at)::bigint,
                'Ask the couple for their new wedding date', 'owner'
           from app.clients c
           left join app.organization_settings s on s.organization_id = c.organization_id
          where c.postponed_at <= at - make_interval(weeks => coalesce(s.postponed_task_weeks, 8))
            and c.status in ('lead', 'booked') and c.deleted_at is null
         on conflict (organization_id, dedup_key) do nothing
         returning 1
       )
       select (select count(*) from events) + (select count(*) from overdue) + (select count(*) from asked) into told;
       return told;
     end $$`,
    `comment on function app.tell_due(timestamptz) is
       'Tells the journeys which payments fell due, marks invoices overdue, and has the team ask for new wedding dates.'`,
    `revoke all on function app.tell_due(timestamptz) from public`,
    `grant execute on function app.tell_due(timestamptz) to app_relay`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function app.tell_due(timestamptz)`);
  for (const trigger of TRIGGERS.toReversed()) await run(db, ...dropEventTrigger(trigger));
}
