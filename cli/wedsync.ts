#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { OperatorError } from './operator-error.ts';

type CommandModule = () => Promise<Command>;

/**
 * Every command of the command line. A command's module is loaded only when it is asked for, so that `wedsync plan`
 * does not pay for Temporal and Postgres.
 */
const COMMANDS: Readonly<Record<string, { summary: string; load: CommandModule }>> = {
  dev: {
    summary: 'start everything on this machine: Postgres, Temporal, dev inbox, worker, API, demo data',
    load: async () => (await import('./commands/dev.ts')).devCommand(),
  },
};

async function buildProgram(asked: string | undefined): Promise<Command> {
  const program = new Command('wedsync')
    .description('WedSync Journeys: a supplier designs a journey once, the platform carries it out for every couple.')
    .showHelpAfterError('(run with --help to see what it takes)')
    .exitOverride();
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    if (asked === name) program.addCommand(await load());
    else program.command(name).description(summary);
  }
  return program;
}

/** Runs one command line. Resolves with the exit code: 0 fine, 1 what was asked about is wrong, 2 usage or environment. */
async function main(argv: readonly string[]): Promise<number> {
  const program = await buildProgram(argv[2]);
  try {
    await program.parseAsync([...argv]);
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof OperatorError || error instanceof ConfigError) {
      process.stderr.write(`wedsync: ${error.message}\n`);
      return 2;
    }
    throw error;
  }
}

process.exitCode = await main(process.argv);
