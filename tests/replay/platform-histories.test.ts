import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { workflowBundleOptions } from '../../worker/workflow-bundle.ts';
import { traceOf } from '../support/history-trace.ts';
import { playFeature, startPlatform, type Platform, type Played } from '../support/platform.ts';
import { PLATFORM_FEATURES } from '../support/platform-features.ts';
import { testDataConverter } from '../support/temporal.ts';

const folder = new URL('histories/platform/', import.meta.url);
const names = Object.keys(PLATFORM_FEATURES);
/** `<day>.<feature>.<n>.json`, n = 0 for the journey, then the deliveries of its webhooks. */
const files = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
const read = (file: string): temporal.api.history.v1.IHistory =>
  historyFromJSON(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));

let platform: Platform;
const played = new Map<string, [Played, ...Played[]]>();

beforeAll(async () => {
  platform = await startPlatform();
  const all = await Promise.all(names.map(async (name) => [name, await playFeature(platform, name)] as const));
  for (const [name, left] of all) played.set(name, left);
  // `npm run record-histories`: files of other days stay, executions begun under them sleep for years.
  if (process.env['RECORD_HISTORIES'] === '1') record();
}, 240_000);
afterAll(async () => platform?.close());

function record(): void {
  mkdirSync(folder, { recursive: true });
  const day = new Date().toISOString().slice(0, 10);
  for (const [name, left] of played) {
    for (const [index, { history }] of left.entries()) {
      const file = new URL(`${day}.${name}.${index}.json`, folder);
      // Which process of which machine it was is nobody's business.
      writeFileSync(file, `${historyToJSON(history).replaceAll(/"identity": "[^"]*"/g, '"identity": "recorded"')}\n`);
    }
  }
}

describe('histories of the whole platform', () => {
  test('that were recorded go on with the code of today', async () => {
    const histories = files().map((file) => ({ workflowId: `recorded/${file}`, history: read(file) }));
    expect(new Set(files().map((file) => file.split('.')[1]))).toEqual(new Set(names));
    const failed: string[] = [];
    let replayed = 0;
    for await (const { workflowId, error } of Worker.runReplayHistories(
      { ...workflowBundleOptions(), dataConverter: testDataConverter },
      histories,
    )) {
      replayed += 1;
      if (error !== undefined) failed.push(`${workflowId}: ${error.message}`);
    }
    expect(failed).toEqual([]);
    expect(replayed).toBe(histories.length);
  });

  test.each(names)(
    '%s has the same timers and the same activities with the same inputs as when it was recorded',
    async (name) => {
      const mine = files().filter((file) => file.split('.')[1] === name);
      const newest = mine.filter((file) => file.split('.')[0] === mine.at(-1)?.split('.')[0]);
      const before = await Promise.all(newest.map((file) => traceOf(read(file))));
      const today = await Promise.all((played.get(name) ?? []).map(({ history }) => traceOf(history)));
      expect(today).toEqual(before);
      expect(today.flat().length).toBeGreaterThan(1);
    },
  );
});
