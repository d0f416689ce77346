import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    // A person's command changes the ledger, which no trigger watches: the worker writes it all the time. Row security
    // holds for what the caller may see; only the outbox itself is out of their reach.
    `create function app.wake_execution(execution_id uuid) returns boolean
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     begin
       insert into app.outbox (organization_id, client_id, event, ref, details)
       select e.organization_id, e.client_id, 'facts.changed', e.id::text,
              jsonb_build_object('what', 'command', 'executionId', e.id)
         from app.journey_executions e
        where e.organization_id = app.current_org_id() and e.id = wake_execution.execution_id;
       return found;
     end $$`,
    `comment on function app.wake_execution(uuid) is
       'Makes one execution of the current organization look at its facts again, by way of the outbox.'`,
    `revoke all on function app.wake_execution(uuid) from public`,
    `grant execute on function app.wake_execution(uuid) to app_api, app_worker`,
    // Thousands at once are spread over time, so that what happens meanwhile is not behind them in the queue.
    `create function app.wake_executions(execution_ids uuid[], per_second integer) returns integer
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       woken integer;
     begin
       insert into app.outbox (organization_id, client_id, event, ref, details, available_at)
       select e.organization_id, e.client_id, 'facts.changed', e.id::text,
              jsonb_build_object('what', 'bulk', 'executionId', e.id),
              now() + (ids.place - 1) * interval '1 second' / greatest(1, per_second)
         from unnest(execution_ids) with ordinality as ids (id, place)
         join app.journey_executions e on e.id = ids.id
        where e.organization_id = app.current_org_id()
        order by ids.place;
       get diagnostics woken = row_count;
       return woken;
     end $$`,
    `comment on function app.wake_executions(uuid[], integer) is
       'The same for many, so many a second from now on, behind everything that happens meanwhile.'`,
    `revoke all on function app.wake_executions(uuid[], integer) from public`,
    `grant execute on function app.wake_executions(uuid[], integer) to app_api, app_worker`,
    `alter table app.journey_executions add column moved_steps jsonb not null default '{}',
       add constraint journey_executions_moved_steps_check check (jsonb_typeof(moved_steps) = 'object')`,
    `comment on column app.journey_executions.moved_steps is
       'Steps which a person put to another instant for this couple: {"<step key>": "<instant>"}.'`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.journey_executions drop column moved_steps`,
    `drop function app.wake_executions(uuid[], integer)`,
    `drop function app.wake_execution(uuid)`,
  );
}
