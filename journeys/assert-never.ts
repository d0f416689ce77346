/** Closes a union: a member that nobody handles is an error of the compiler, not of the night. */
export function assertNever(value: never): never {
  throw new Error(`Not handled: ${JSON.stringify(value)}`);
}
