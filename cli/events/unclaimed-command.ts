import { Command } from 'commander';

import { openDatabase } from '../../db/database.ts';
import { listUnclaimed } from '../../db/event-lists.ts';
import { withRelay } from '../../db/relay.ts';
import { actAs } from '../act-as.ts';
import { administratorUrl } from '../organization-database.ts';
import { print } from '../organization-command.ts';
import { plainTable } from '../output/plain-table.ts';

/** `wedsync events unclaimed`. */
export function unclaimedCommand(): Command {
  return new Command('unclaimed')
    .description(
      'Show what came to the platform’s own Stripe address and is nobody’s: it is done once its account is connected.',
    )
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync')
    .option('--json', 'print JSON')
    .action(async (options: { data: string; json?: boolean }) => {
      const url = actAs(await administratorUrl(options.data, process.env), 'app_relay');
      const database = openDatabase({ url, poolSize: 1, applicationName: 'wedsync-cli' });
      try {
        const rows = await withRelay(database, listUnclaimed);
        const lines = rows.map((row) => [
          row.id,
          row.receivedAt.toISOString(),
          row.account ?? 'not known',
          row.eventType,
          row.reason ?? '',
        ]);
        const headings = ['ID', 'RECEIVED', 'ACCOUNT', 'EVENT', 'REASON'];
        await print(options, rows, rows.length === 0 ? 'Every event has an owner.' : plainTable(headings, lines));
      } finally {
        await database.close();
      }
    });
}
