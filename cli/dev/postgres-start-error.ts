import { OperatorError } from '../operator-error.ts';

/** Why the bundled PostgreSQL cannot be started: `code` for programs, `message` with what to do for people. */
export class PostgresStartError extends OperatorError {
  override readonly name = 'PostgresStartError';
  readonly code:
    | 'postgres_platform'
    | 'postgres_binary_missing'
    | 'postgres_binary_unreachable'
    | 'postgres_data_in_use'
    | 'postgres_data_version'
    | 'postgres_port_busy'
    | 'postgres_failed';

  constructor(code: PostgresStartError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
