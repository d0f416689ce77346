import { readFile } from 'node:fs/promises';

import { Command } from 'commander';

import { parseVerifyingKey } from '../../channels/webhook/signing-key.ts';
import { verifyWebhook } from '../../channels/webhook/verify-webhook.ts';
import { OperatorError } from '../operator-error.ts';
import { print } from '../organization-command.ts';

/** `wedsync webhooks verify`. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('Check a signature as a receiver does. Needs no database.')
    .argument('<body>', 'file with the exact body')
    .requiredOption('--key <key>', 'whsec_... or whpk_...')
    .requiredOption('--id <id>', 'the webhook-id header')
    .requiredOption('--timestamp <seconds>', 'the webhook-timestamp header')
    .requiredOption('--signature <signature>', 'the webhook-signature header')
    .option('--any-time', 'do not look at how old it is')
    .option('--json', 'print JSON')
    .action(async (path: string, options: VerifyOptions) => {
      const body = await readFile(path).catch((error: unknown) => {
        throw new OperatorError(`The body cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
      });
      const parsed = parseVerifyingKey(options.key);
      if (!parsed.ok) throw new OperatorError(parsed.message);
      const { id, timestamp, signature } = options;
      const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
      const now = options.anyTime === true ? new Date(Number(timestamp) * 1_000) : new Date();
      const result = verifyWebhook(headers, body, { keys: [parsed.key], now });
      if (!result.ok) process.exitCode = 1;
      await print(options, result, result.ok ? 'The signature is good.' : result.message);
    });
}

type VerifyOptions = {
  key: string;
  id: string;
  timestamp: string;
  signature: string;
  anyTime?: boolean;
  json?: boolean;
};
