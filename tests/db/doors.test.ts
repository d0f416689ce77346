// There are three ways to a query, and no other: a tenant's transaction, the relay's, and one without an organization.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
/** What runs in production. The command line's own tools for development and migrations work as the administrator. */
const FOLDERS = ['activities', 'api', 'channels', 'db', 'services', 'worker', 'workflows'];

async function sources(): Promise<{ path: string; text: string }[]> {
  const found: { path: string; text: string }[] = [];
  for (const folder of FOLDERS) {
    for (const entry of await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      found.push({ path: relative(ROOT, path), text: await readFile(path, 'utf8') });
    }
  }
  return found;
}

const filesThat = async (holds: (text: string) => boolean): Promise<string[]> =>
  (await sources())
    .filter(({ text }) => holds(text))
    .map(({ path }) => path)
    .toSorted();

describe('the doors to the database', () => {
  it('are the only files that reach the pool', async () => {
    expect(await filesThat((text) => /from '[./]+(?:db\/)?raw\.ts'/.test(text))).toEqual([
      'db/database.ts',
      'db/relay.ts',
      'db/tenant.ts',
      'db/without-tenant.ts',
    ]);
  });

  it('nobody else connects by a driver', async () => {
    expect(await filesThat((text) => /^import (?!type)[^;]* from 'pg'/m.test(text))).toEqual([
      'db/copy-database.ts',
      'db/database.ts',
      'db/migrate/migrate.ts',
      'db/preparing-client.ts',
      'db/roles.ts',
    ]);
  });

  it('the organization is set in one place, for the transaction only', async () => {
    const setting = /set_config\(\s*'app\.organization_id'/;
    expect(await filesThat((text) => setting.test(text))).toEqual([
      // Goes from organization to organization as the owner, and leaves none behind.
      'db/migrations/20261121T1305_privacy.ts',
      // Sets what it is given, for itself alone, as withTenant does for a transaction.
      'db/migrations/20261126T2303_claim_at_once.ts',
      'db/tenant.ts',
    ]);
    const tenant = await readFile(join(ROOT, 'db/tenant.ts'), 'utf8');
    expect(tenant).toMatch(/set_config\('app\.organization_id', \$\{[^}]+\}, true\)/);
  });
});
