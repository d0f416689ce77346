import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startTemporalDevServer, type TemporalDevServer } from '../../cli/dev/temporal-server.ts';
import { connectClient } from '../support/temporal.ts';

const text = readFileSync(new URL('../../docs/for-admins.md', import.meta.url), 'utf8');
/** Blocks of queries, and those within the text and its tables. */
const queries = [
  ...text.matchAll(/```sql\n(.*?)\n```/gs),
  ...text.matchAll(/`([^`\n]+ (?:=|<|IN|IS|BETWEEN) [^`\n]+)`/g),
]
  .map(([, query = '']) => query.replace(/^AND /, '').replaceAll(/'(<[^>]+>|\.\.\.)'/g, `'${randomUUID()}'`))
  .filter((query) => !query.startsWith('WEDSYNC_'));

let server: TemporalDevServer;
let client: Client;
beforeAll(async () => {
  server = await startTemporalDevServer({ uiPort: false });
  client = await connectClient(server.address, server.namespace);
});
afterAll(async () => {
  await client?.connection.close();
  await server?.stop();
});

describe('the queries in docs/for-admins.md', () => {
  test('are found', () => expect(queries.length).toBeGreaterThanOrEqual(9));

  test.each(queries)('%s', async (query) => {
    await expect(client.workflow.count(query)).resolves.toMatchObject({ count: 0 });
  });

  test('would be refused for an attribute that does not exist', async () => {
    await expect(client.workflow.count("CoupleName = 'x'")).rejects.toThrow('Failed to count workflows');
  });
});
