import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

import { OperatorError } from '../operator-error.ts';

/** For the help of commands that take secrets. */
export const SECRET_HELP = `
Secrets: what stands on a command line can be read in the list of processes and in the history of the shell. Give "-" to
be read from standard input, or "env:NAME" for a variable of the environment.`;

let stdin: Promise<string> | undefined;

/**
 * A secret that was given as an option: `-` stands for standard input (one secret only), `env:NAME` for a variable of
 * the environment; anything else is the secret itself.
 *
 * @param option how the option is called, for the errors
 * @throws OperatorError where there is nothing
 */
export async function readSecret(given: string, option: string): Promise<string> {
  if (given === '-') return fromStdin(option);
  const [, name] = /^env:(.*)$/s.exec(given) ?? [];
  if (name === undefined) return given;
  const value = process.env[name];
  if (value === undefined || value === '') throw new OperatorError(`${option}: the variable ${name} is not set.`);
  return value;
}

/** A secret that stands in a file; `-` and `env:NAME` as in {@link readSecret}. */
export async function readSecretFile(file: string, option: string): Promise<string> {
  if (file === '-' || file.startsWith('env:')) return readSecret(file, option);
  return readFile(file, 'utf8').catch(() => {
    throw new OperatorError(`${file} cannot be read.`);
  });
}

async function fromStdin(option: string): Promise<string> {
  if (stdin !== undefined) {
    throw new OperatorError(`${option}: standard input holds one secret, and another option reads it already.`);
  }
  if (process.stdin.isTTY) process.stderr.write(`${option}: type or paste it, then Enter and Ctrl-D.\n`);
  stdin = text(process.stdin);
  const secret = (await stdin).trim();
  if (secret === '') throw new OperatorError(`${option}: there was nothing on standard input.`);
  return secret;
}
