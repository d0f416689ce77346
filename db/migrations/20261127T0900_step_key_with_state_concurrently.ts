import { run, type MigrationDatabase } from '../migrate/statements.ts';

const KEY = 'journey_step_executions_organization_id_execution_id_step_k_key';
const REPLACEMENT = 'journey_step_executions_key_replacement';

/** How far the couples of a journey are is counted from the key alone, without a look at the rows. */
export const up = (db: MigrationDatabase): Promise<void> => replaceKey(db, 'include (state)');

export const down = (db: MigrationDatabase): Promise<void> => replaceKey(db, '');

/**
 * Built beside the old one, which holds until its replacement does. Cut off anywhere, it can be run again. The exchange
 * waits for nobody long, because whoever comes after it would wait too: both statements are one transaction.
 */
function replaceKey(db: MigrationDatabase, covered: string): Promise<void> {
  return run(
    db,
    `drop index concurrently if exists app.${REPLACEMENT}`,
    `create unique index concurrently if not exists ${REPLACEMENT}
       on app.journey_step_executions (organization_id, execution_id, step_key, occurrence) ${covered}`,
    `set local lock_timeout = '3s';
     alter table app.journey_step_executions
       drop constraint if exists ${KEY}, add constraint ${KEY} unique using index ${REPLACEMENT}`,
  );
}
