import { Command, CommanderError } from 'commander';
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
  api: {
    summary: 'answer HTTP: forms, preferences, webhooks and receipts of others, health, codec server',
    load: async () => (await import('./commands/api.ts')).apiCommand(),
  },
  plan: {
    summary: 'show what a couple gets from a journey, when, and why',
    load: async () => (await import('./commands/plan.ts')).planCommand(),
  },
  worker: {
    summary: 'carry journeys out: activities, workflows and the relay of events',
    load: async () => (await import('./commands/worker.ts')).workerCommand(),
  },
  executions: {
    summary: 'look at what couples go through, and step in: pause, skip, approve, move, restart, enrol',
    load: async () => (await import('./commands/executions.ts')).executionsCommand(),
  },
  doctor: {
    summary: 'say whether database and Temporal are well and agree; --repair mends',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  },
  temporal: {
    summary: 'prepare a Temporal namespace for journeys',
    load: async () => (await import('./commands/temporal.ts')).temporalCommand(),
  },
  migrate: {
    summary: 'bring the database to the form this version needs, or back',
    load: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  },
  db: {
    summary: 'what is derived from the database, and its upkeep',
    load: async () => (await import('./commands/db.ts')).dbCommand(),
  },
  audit: {
    summary: 'who changed what: seal it, and prove that nothing sealed was changed',
    load: async () => (await import('./commands/audit.ts')).auditCommand(),
  },
  privacy: {
    summary: 'what is kept about a couple: hand it over, delete it',
    load: async () => (await import('./commands/privacy.ts')).privacyCommand(),
  },
  clients: {
    summary: "an organization's couples: import them from a list",
    load: async () => (await import('./commands/clients.ts')).clientsCommand(),
  },
  simulate: {
    summary: 'run a journey through virtual time, or saved stories against what they expect',
    load: async () => (await import('./commands/simulate.ts')).simulateCommand(),
  },
  templates: {
    summary: 'the messages that journeys send: show, check, publish, keep',
    load: async () => (await import('./commands/templates.ts')).templatesCommand(),
  },
  channels: {
    summary: 'the ways in which messages leave: set up, try, limit, make keys',
    load: async () => (await import('./commands/channels.ts')).channelsCommand(),
  },
  messages: {
    summary: 'what was written to couples and by them',
    load: async () => (await import('./commands/messages.ts')).messagesCommand(),
  },
  journeys: {
    summary: 'check journeys, print the schema for editors, compare two versions',
    load: async () => (await import('./commands/journeys.ts')).journeysCommand(),
  },
  webhooks: {
    summary: 'tell other programs what happens in journeys: endpoints, deliveries, replay',
    load: async () => (await import('./commands/webhooks.ts')).webhooksCommand(),
  },
  forms: {
    summary: 'questionnaires for couples: write, publish, send the link, read the answers',
    load: async () => (await import('./commands/forms.ts')).formsCommand(),
  },
  fields: {
    summary: 'common fields about weddings, which couples share with their suppliers',
    load: async () => (await import('./commands/fields.ts')).fieldsCommand(),
  },
  payments: {
    summary: 'what couples owe and have paid: plans, invoices, import from a list',
    load: async () => (await import('./commands/payments.ts')).paymentsCommand(),
  },
  outbox: {
    summary: 'what happened and has not reached its journeys yet: look, try again, put aside',
    load: async () => (await import('./commands/outbox.ts')).outboxCommand(),
  },
  events: {
    summary: 'what happens to couples: send, list, and what other programs told us',
    load: async () => (await import('./commands/events.ts')).eventsCommand(),
  },
};

async function buildProgram(asked: string | undefined): Promise<Command> {
  const program = new Command('wedsync')
    .description('WedSync Journeys: a supplier designs a journey once, the platform carries it out for every couple.')
    .showHelpAfterError('(run with --help to see what it takes)')
    .exitOverride();
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    if (asked === name) program.addCommand(inheritSettings(await load(), program));
    else program.command(name).description(summary);
  }
  return program;
}

/** A command built elsewhere, and those inside it, end a wrong usage as the program does: with a message and code 2. */
function inheritSettings(command: Command, from: Command): Command {
  command.copyInheritedSettings(from);
  for (const inner of command.commands) inheritSettings(inner, command);
  return command;
}

/**
 * Errors whose message is written for the person at the terminal. Known by name, because importing the classes would
 * load Temporal and Postgres for every command.
 */
const ERRORS_FOR_PEOPLE: ReadonlySet<string> = new Set([
  'ConfigError',
  'DatabaseRoleError',
  'MigrationError',
  'WorkerStartError',
]);

function isForPeople(error: Error): boolean {
  return error instanceof OperatorError || ERRORS_FOR_PEOPLE.has(error.name);
}

/** Runs one command line. Resolves with the exit code: 0 fine, 1 what was asked about is wrong, 2 usage or environment. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const program = await buildProgram(argv[2]);
  try {
    await program.parseAsync([...argv]);
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Error && isForPeople(error)) {
      process.stderr.write(`wedsync: ${error.message}\n`);
      return 2;
    }
    throw error;
  }
}
