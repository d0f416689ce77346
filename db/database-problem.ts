import { describeConstraint } from './constraints/describe-constraint.ts';

/** Why the database refused something, in words for the person who asked for it. */
export interface DatabaseProblem {
  code:
    | 'invalid_value'
    | 'missing_value'
    | 'already_exists'
    | 'not_found'
    | 'in_use'
    | 'limit_reached'
    | 'not_allowed'
    | 'busy'
    | 'unavailable';
  /** The field as the API names it; null where it concerns no single one. */
  field: string | null;
  message: string;
  /** Whether the same may succeed when tried again. */
  retry: boolean;
}

interface PostgresError {
  code: string;
  constraint?: string;
  column?: string;
  detail?: string;
  table?: string;
  message: string;
}

const LIMITED: Readonly<Record<string, string>> = {
  limit_clients: 'couples',
  limit_journeys: 'journeys',
  limit_forms: 'forms',
  limit_users: 'members',
  limit_submissions: 'form submissions a month',
};

/**
 * Translates an error of the database into a coded problem with the field and a sentence.
 *
 * It says nothing about rows of other organizations: a row that is not visible and one that does not exist sound the
 * same.
 *
 * @returns null where the error is none of the database, or one that nobody who asked can mend
 */
export function databaseProblem(error: unknown): DatabaseProblem | null {
  if (!isPostgresError(error)) return null;
  const described = error.constraint === undefined ? null : describeConstraint(error.constraint);
  const problem = (
    code: DatabaseProblem['code'],
    message: string,
    more: { field?: string | null; retry?: boolean } = {},
  ): DatabaseProblem => ({
    code,
    field: more.field === undefined ? (described?.field ?? null) : more.field,
    message,
    retry: more.retry ?? false,
  });

  switch (error.code) {
    case '23514':
      return problem('invalid_value', described?.message ?? 'A value is not allowed here.');
    case '23505':
      return problem('already_exists', described?.message ?? 'This is there already.');
    case '23503':
      return isDeletion(error)
        ? problem('in_use', 'This is still used elsewhere and cannot be removed.', { field: null })
        : problem('not_found', described?.message ?? 'Something this refers to does not exist.');
    case '23502':
      return problem('missing_value', 'A value is needed here.', { field: camelCase(error.column ?? '') || null });
    case '22P02':
    case '22007':
    case '22008':
    case '22001':
    case '22023':
      return problem('invalid_value', 'A value has the wrong form: a date is YYYY-MM-DD, a time HH:MM, an id a UUID.');
    case '22003':
      return problem('invalid_value', 'A number is larger than can be kept.');
    case '22021':
    case '22P05':
      return problem('invalid_value', 'A text holds a character that cannot be kept, such as NUL.');
    case 'WS001':
      return problem(
        'limit_reached',
        `The subscription does not allow more ${LIMITED[error.constraint ?? ''] ?? 'of these'}. ` +
          'Archive some, or choose a larger subscription.',
      );
    case '42501':
      return problem('not_allowed', 'This is not yours to read or change.');
    case '40001':
    case '40P01':
    case '55P03':
    case '57014':
      return problem('busy', 'Somebody else is changing the same at this moment. Try again.', { retry: true });
    case '53300':
    case '57P01':
    case '57P02':
    case '57P03':
    case '08006':
    case '08001':
      return problem('unavailable', 'The database is not available at the moment. Try again shortly.', { retry: true });
    default:
      return null;
  }
}

/** The server says the same code for a missing parent and for a parent that still has children. */
const isDeletion = (error: PostgresError): boolean => error.message.startsWith('update or delete on table');

const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());

function isPostgresError(error: unknown): error is PostgresError {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)
  );
}
