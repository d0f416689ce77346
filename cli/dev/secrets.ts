import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { OperatorError } from '../operator-error.ts';

const roles = ['app_migrator', 'app_api', 'app_worker', 'app_relay', 'app_auth', 'app_readonly', 'app_ops'] as const;
const schema = z.object({
  rolePasswords: z.record(z.enum(roles), z.string().min(1)),
  /** As WEDSYNC_ENCRYPTION_KEYS: id:key. */
  encryptionKeys: z.string().min(1),
});

/** Secrets of one development set-up, made at its first start. */
export type DevSecrets = z.infer<typeof schema>;

/**
 * Reads the secrets of a data folder, or makes them. They must outlive a restart: sleeping executions are encrypted with
 * them.
 *
 * @throws OperatorError where the file is damaged: making new ones in silence would leave executions unreadable
 */
export async function devSecrets(dataFolder: string): Promise<DevSecrets> {
  const file = join(dataFolder, 'secrets.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text !== null) {
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new OperatorError(
      `${file} is damaged, and without its keys the executions in ${dataFolder} cannot be read. ` +
        `Restore the file, or begin anew by deleting ${dataFolder}.`,
    );
  }
  const password = (): string => randomBytes(18).toString('base64url');
  const secrets: DevSecrets = {
    rolePasswords: {
      app_migrator: password(),
      app_api: password(),
      app_worker: password(),
      app_relay: password(),
      app_auth: password(),
      app_readonly: password(),
      app_ops: password(),
    },
    encryptionKeys: `dev:${randomBytes(32).toString('base64')}`,
  };
  await writeFile(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return secrets;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
