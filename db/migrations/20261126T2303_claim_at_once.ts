import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    // The claim is the one write between a message and its first byte: one round trip, without a transaction round it.
    `create function app.claim_message_for(organization uuid, actor text, request_id text, message uuid, at timestamptz)
       returns text language plpgsql set search_path = pg_catalog, pg_temp as $$
     begin
       perform set_config('app.organization_id', organization::text, true), set_config('app.actor', actor, true),
               set_config('app.request_id', request_id, true);
       return app.claim_message(message, at);
     end $$`,
    `comment on function app.claim_message_for(uuid, text, text, uuid, timestamptz) is
       'app.claim_message for an organization that is named here instead of by the transaction. Row security holds.'`,
    `revoke all on function app.claim_message_for(uuid, text, text, uuid, timestamptz) from public`,
    `grant execute on function app.claim_message_for(uuid, text, text, uuid, timestamptz) to app_worker`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function app.claim_message_for(uuid, text, text, uuid, timestamptz)`);
}
