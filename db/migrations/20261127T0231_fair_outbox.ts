import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** The relay takes the oldest events of every organization, so that a crowd of one is not before everybody else. */
export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create index outbox_turn_idx on app.outbox (organization_id, available_at, id)
       where processed_at is null and parked_at is null`,
    `drop index app.outbox_pending_idx`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create index outbox_pending_idx on app.outbox (available_at, id) where processed_at is null and parked_at is null`,
    `drop index app.outbox_turn_idx`,
  );
}
