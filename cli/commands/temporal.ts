import { Connection } from '@temporalio/client';
import { Command } from 'commander';

import { readConfig } from '../../config.ts';
import { registerSearchAttributes } from '../../worker/assert-search-attributes.ts';
import { OperatorError } from '../operator-error.ts';
import { temporalFromEnvironment } from '../temporal-connection.ts';

/** `wedsync temporal setup`: prepares a namespace. */
export function temporalCommand(): Command {
  const temporal = new Command('temporal').description('Prepare a Temporal namespace for journeys.');
  temporal
    .command('setup')
    .description('register the search attributes; run again, it changes nothing')
    .action(async () => {
      const {
        address,
        namespace,
        connection: security,
      } = temporalFromEnvironment(readConfig(process.env, ['TEMPORAL_ADDRESS']));
      const connection = await Connection.connect({ address, ...security, connectTimeout: '10 seconds' }).catch(
        (error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          throw new OperatorError(
            `Temporal does not answer at ${address} (${reason}). Start it, or correct TEMPORAL_ADDRESS.`,
          );
        },
      );
      try {
        const added = await registerSearchAttributes(connection, namespace);
        console.log(
          added.length === 0 ? `Namespace "${namespace}" was set up already.` : `Registered: ${added.join(', ')}.`,
        );
      } finally {
        await connection.close();
      }
    });
  return temporal;
}
