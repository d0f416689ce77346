/** Why the migrations were not run: `code` for programs, `message` with what to do for people. */
export class MigrationError extends Error {
  readonly code:
    | 'database_newer'
    | 'migrations_pending'
    | 'migration_failed'
    | 'migration_locked'
    | 'saturday_freeze'
    | 'unreachable';

  constructor(code: MigrationError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'MigrationError';
    this.code = code;
  }
}
