import { Command } from 'commander';

import { readConfig } from '../../config.ts';
import { openDatabase, type Database } from '../../db/database.ts';
import { listUnclaimed } from '../../db/event-lists.ts';
import { withRelay } from '../../db/relay.ts';
import { replayUnclaimed } from '../../services/inbound/replay-unclaimed.ts';
import { actAs } from '../act-as.ts';
import { OperatorError } from '../operator-error.ts';
import { administratorUrl } from '../organization-database.ts';
import { print } from '../organization-command.ts';
import { plainTable } from '../output/plain-table.ts';

/** `wedsync events unclaimed`. */
export function unclaimedCommand(): Command {
  return new Command('unclaimed')
    .description(
      'Show what came to the platform’s own Stripe address and is nobody’s: it is done once its account is connected.',
    )
    .option('--replay', 'let what was refused there come once more, by STRIPE_WEBHOOK_SECRETS as they are now')
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync')
    .option('--json', 'print JSON')
    .action(async (options: { data: string; json?: boolean; replay?: boolean }) => {
      const administrator = await administratorUrl(options.data, process.env);
      const open = (role: 'app_api' | 'app_relay'): Database =>
        openDatabase({ url: actAs(administrator, role), poolSize: 1, applicationName: 'wedsync-cli' });
      const relay = open('app_relay');
      try {
        if (options.replay === true) return await replay(options, relay, open);
        const rows = await withRelay(relay, listUnclaimed);
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
        await relay.close();
      }
    });
}

async function replay(
  options: { readonly json?: boolean },
  relay: Database,
  open: (role: 'app_api') => Database,
): Promise<void> {
  const secrets = readConfig(process.env, []).STRIPE_WEBHOOK_SECRETS?.split(',') ?? [];
  if (secrets.length === 0) {
    throw new OperatorError('There is nothing to verify events with. Set STRIPE_WEBHOOK_SECRETS as the API has it.');
  }
  const api = open('app_api');
  try {
    const result = await replayUnclaimed({ api, relay }, secrets);
    const { taken, waiting, refused } = result;
    await print(
      options,
      result,
      `${taken} taken now, ${waiting} verified and waiting for their account to be connected, ${refused} still refused.`,
    );
  } finally {
    await api.close();
  }
}
