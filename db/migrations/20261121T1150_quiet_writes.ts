import { createEventTrigger } from '../migrate/event-trigger.ts';
import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** The function of 20261121T0940_outbox, with a condition or, letter by letter, without it. */
function queueClientEvents(condition: string): string {
  const [text = ''] = createEventTrigger({
    name: 'queue_client_events',
    table: 'client_events',
    on: {
      insert: `
      insert into app.outbox (organization_id, client_id, event, ref, details, occurred_at)
      select organization_id, client_id,
             case when source = 'system' or name = 'reply' then name else 'event' end,
             coalesce(ref, id::text),
             case when source = 'system' or name = 'reply' then data else data || jsonb_build_object('name', name) end,
             occurred_at
        from new_rows${condition} order by id;`,
    },
  });
  return text.replace('create function', 'create or replace function');
}

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    // Old bookings that are only being brought over must not set off what was long done by hand.
    queueClientEvents(` where coalesce(current_setting('app.quiet', true), '') <> 'on'`),
    `comment on function app.queue_client_events() is
       'Turns what happened to a client into work for the relay. Not in a transaction with app.quiet = on: what it tells is kept in client_events, but sets no journey off.'`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `comment on function app.queue_client_events() is null`, queueClientEvents(''));
}
