import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { readConfig } from '../../config.ts';
import { createProgress } from '../dev/progress.ts';
import { startDev, type RunningDev } from '../dev/start-dev.ts';

/** `wedsync dev`: everything on this machine, until Ctrl-C. */
export function devCommand(): Command {
  return new Command('dev')
    .description(
      'Start everything on this machine: Postgres, Temporal with its Web UI, dev inbox, worker, API, demo data.',
    )
    .option('--port <number>', 'port of the status page and API (default: 8080, or the next free one)', parsePort)
    .option('--data <folder>', 'where the data live; a second start goes on with them', '.wedsync')
    .option('--no-demo', 'start without the demo organizations, couples and journeys')
    .addHelpText(
      'after',
      `
DATABASE_URL and TEMPORAL_ADDRESS replace the embedded servers; SMTP_URL the dev inbox.
Addresses and passwords of what runs are written to <folder>/dev.json.

Examples:
  npm run dev
  npm run dev -- --port 3000 --data /tmp/try --no-demo`,
    )
    .action(async (options: { port?: number; data: string; demo: boolean }) => {
      const config = readConfig(process.env);
      process.stderr.write(`\n${pc.bold('WedSync Journeys')} is starting\n`);
      const stopRequested = Promise.withResolvers<string>();
      // From here on, not only once everything runs: a person may change their mind while it is still starting.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.on(signal, () => stopRequested.resolve(signal));
      }
      const running = await startDev({
        config,
        port: options.port,
        dataFolder: resolve(options.data),
        demo: options.demo,
        progress: createProgress(),
        stopRequested: stopRequested.promise,
      });
      if (running === null) return;
      process.stdout.write(summaryOf(running));
      await Promise.race([stopRequested.promise, running.workerEnded]);
      process.stderr.write(`\n${pc.bold('WedSync Journeys')} is stopping\n`);
      await running.stop();
      process.stderr.write('Everything has stopped.\n');
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  return port;
}

function summaryOf({ info, upcoming }: RunningDev): string {
  const addresses: [string, string | null][] = [
    ['Status page', info.apiUrl],
    ['Dev inbox', info.inboxUrl],
    ['Temporal', info.temporalUiUrl ?? info.temporalAddress],
    ['Metrics', info.metricsUrl],
    ['Postgres', info.databaseUrl],
  ];
  const lines = addresses
    .filter(([, url]) => url !== null)
    .map(([name, url]) => `  ${name.padEnd(12)} ${pc.cyan(url ?? '')}`);
  const next =
    upcoming.length === 0
      ? '  Nothing is planned yet: insert a client with status booked into app.clients.'
      : upcoming
          .map((line) => `  ${pc.bold(line.when)}  ${line.what} ${pc.dim(`to ${line.couple} (${line.organization})`)}`)
          .join('\n');
  return `\n${lines.join('\n')}\n\n${pc.bold('The next things that will go out')}\n${next}\n\nCtrl-C stops everything; the data stay.\n`;
}
