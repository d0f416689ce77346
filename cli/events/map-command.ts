import { Command } from 'commander';

import { applyMapping } from '../../channels/intake/apply-mapping.ts';
import { keptEvents } from '../../db/inbound-desk.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, print } from '../organization-command.ts';
import { addressOf } from './address-of.ts';
import { readMapping, readMessage } from './read-mapping.ts';

/** `wedsync events map`. */
export function mapCommand(): Command {
  return new Command('map')
    .description('Try a mapping: what would be done with a sample message, or with those that came to an address.')
    .argument('<mapping>', 'the mapping (YAML or JSON)')
    .argument('[message...]', 'messages of the other program (JSON files); needs no database')
    .option('--address <address>', 'instead of files: the messages that came to this address')
    .option('--organization <slug>', 'whose address')
    .option('--limit <number>', 'how many of them, the latest first', Number, 50)
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync')
    .option('--json', 'print JSON, which is what is printed anyway')
    .addHelpText(
      'after',
      '\nExit codes: 0 all can be done or are ignored, 1 one cannot, 2 usage. Nothing is changed.\n\nExamples:\n  wedsync events map crm.yaml booked.json cancelled.json\n  wedsync events map crm.yaml --address crm --organization the-caterer',
    )
    .action(async (mappingPath: string, messages: string[], options: MapOptions) => {
      const mapping = await readMapping(mappingPath);
      const samples = await samplesOf(messages, options);
      const outcomes = samples.map(({ from, payload }) => ({ from, ...applyMapping(mapping, payload) }));
      if (outcomes.some(({ kind }) => kind === 'problems')) process.exitCode = 1;
      const [only] = outcomes;
      await print({ json: true }, messages.length === 1 ? only : outcomes, '');
    });
}

type MapOptions = { address?: string; organization?: string; data: string; limit: number };

async function samplesOf(
  messages: readonly string[],
  options: MapOptions,
): Promise<{ from: string; payload: unknown }[]> {
  const { address, organization, data, limit } = options;
  if ((messages.length === 0) === (address === undefined)) {
    throw new OperatorError('Say what to try it on: files with messages, or --address and --organization.');
  }
  if (address === undefined) {
    return Promise.all(messages.map(async (path) => ({ from: path, payload: await readMessage(path) })));
  }
  if (organization === undefined) throw new OperatorError('Say whose address it is: --organization.');
  if (!Number.isInteger(limit) || limit < 1) throw new OperatorError('--limit is a whole number from 1.');
  const kept = await inOrganization({ organization, data }, async (trx) =>
    keptEvents(trx, (await addressOf(trx, address)).id, limit),
  );
  return kept.map(({ id, payload }) => ({ from: id, payload }));
}
