import { access } from 'node:fs/promises';
import { join } from 'node:path';

import type { KeyRing } from '../worker/key-ring.ts';
import { parseKeyRing } from '../worker/key-ring.ts';
import { devSecrets } from './dev/secrets.ts';
import { OperatorError } from './operator-error.ts';

/**
 * The keys that secrets are sealed with: WEDSYNC_ENCRYPTION_KEYS, or those of the development set-up in `dataFolder`.
 *
 * @throws OperatorError where there are none
 */
export async function sealingKeys(dataFolder: string, env: NodeJS.ProcessEnv): Promise<KeyRing> {
  const given = env['WEDSYNC_ENCRYPTION_KEYS'];
  if (given !== undefined && given !== '') return parseKeyRing(given);
  const isThere = await access(join(dataFolder, 'secrets.json')).then(
    () => true,
    () => false,
  );
  if (!isThere) throw new OperatorError('No keys are known. Set WEDSYNC_ENCRYPTION_KEYS, or start "npm run dev" once.');
  return parseKeyRing((await devSecrets(dataFolder)).encryptionKeys);
}
