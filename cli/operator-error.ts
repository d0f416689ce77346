/**
 * A failure that the person at the terminal can mend: bad usage, a wrong setting, something not reachable. Its message
 * says what happened, what it means and what to do, and is all that is printed: no stack trace.
 */
export class OperatorError extends Error {
  override name = 'OperatorError';
}
