import { Command, InvalidArgumentError } from 'commander';

import { listOutbox, parkOutbox, retryOutbox, type OutboxLine } from '../../db/outbox-desk.ts';
import { openDatabase } from '../../db/database.ts';
import { withRelay } from '../../db/relay.ts';
import type { Trx } from '../../db/tenant.ts';
import { actAs } from '../act-as.ts';
import { OperatorError } from '../operator-error.ts';
import { administratorUrl } from '../organization-database.ts';
import { coloursFor } from '../output/colours.ts';
import { table } from '../output/table.ts';

interface Shared {
  readonly data: string;
  readonly json?: boolean;
}

/** `wedsync outbox ...`: what happened and has not reached its journeys yet. */
export function outboxCommand(): Command {
  const outbox = new Command('outbox').description(
    'What happened and has not reached its journeys yet: look, try again, put aside.',
  );
  withShared(outbox.command('list'))
    .description('list the events that wait, oldest first')
    .option('--parked', 'only those that were put aside after too many attempts')
    .option('--limit <number>', 'how many', parseLimit, 50)
    .action(async (options: Shared & { parked?: boolean; limit: number }) => {
      const lines = await asRelay(options, (trx) =>
        listOutbox(trx, { parkedOnly: options.parked === true, limit: options.limit }),
      );
      process.stdout.write(options.json === true ? `${JSON.stringify(lines)}\n` : `${asTable(lines)}\n`);
    });
  withShared(outbox.command('retry'))
    .description('let events be tried again at once; exit code 1 where one of them waits no longer')
    .argument('[ids...]', 'events, as "list" shows them', parseIds)
    .option('--all-parked', 'every event that was put aside')
    .action(async (ids: string[], options: Shared & { allParked?: boolean }) => {
      if ((ids.length === 0) !== (options.allParked === true)) {
        throw new OperatorError('Say which events to try again: their ids, or --all-parked.');
      }
      const done = await asRelay(options, (trx) => retryOutbox(trx, options.allParked === true ? null : ids));
      tell('will be tried again', ids, done, options);
    });
  withShared(outbox.command('park'))
    .description(
      'put events aside, so that the later ones of the same couple go on; exit code 1 where one waits no longer',
    )
    .argument('<ids...>', 'events, as "list" shows them', parseIds)
    .action(async (ids: string[], options: Shared) => {
      tell('put aside', ids, await asRelay(options, (trx) => parkOutbox(trx, ids)), options);
    });
  return outbox;
}

const withShared = (command: Command): Command =>
  command.option('--data <folder>', 'data folder of "npm run dev"', '.wedsync').option('--json', 'for machines');

async function asRelay<Answer>({ data }: Shared, work: (trx: Trx) => Promise<Answer>): Promise<Answer> {
  const url = actAs(await administratorUrl(data, process.env), 'app_relay');
  const database = openDatabase({ url, poolSize: 1, applicationName: 'wedsync-cli' });
  try {
    return await withRelay(database, work);
  } finally {
    await database.close();
  }
}

function tell(what: string, asked: readonly string[], done: readonly string[], { json }: Shared): void {
  const others = asked.filter((id) => !done.includes(id));
  if (json === true) process.stdout.write(`${JSON.stringify({ done, notFound: others })}\n`);
  else {
    process.stdout.write(`${done.length} ${done.length === 1 ? 'event' : 'events'} ${what}.\n`);
    if (others.length > 0)
      process.stderr.write(`Not waiting (unknown, processed or being processed): ${others.join(', ')}\n`);
  }
  if (others.length > 0) process.exitCode = 1;
}

function asTable(lines: readonly OutboxLine[]): string {
  if (lines.length === 0) return 'Nothing waits: every event has reached its journeys.';
  const colours = coloursFor(process.stdout, process.env);
  return table(
    ['Id', 'Event', 'Happened', 'State', 'Attempts', 'Last error'],
    lines.map((line) => [
      { text: line.id },
      { text: line.event, paint: colours.bold },
      { text: line.occurredAt.toISOString() },
      { text: line.state },
      { text: String(line.attempts) },
      { text: line.lastError ?? '' },
    ]),
    process.stdout.isTTY ? process.stdout.columns : null,
  );
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) throw new InvalidArgumentError('A number from 1 to 1000.');
  return limit;
}

function parseIds(text: string, before: string[] | undefined): string[] {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('An id is a number, as "wedsync outbox list" shows it.');
  return [...(before ?? []), text];
}
