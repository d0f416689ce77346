// The planner knows no zone, no locale and no clock but those it is given: elsewhere in the world it answers the same.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('plans-in-one-number.ts', import.meta.url));

const MACHINES = ['UTC', 'America/New_York', 'Pacific/Apia'].flatMap((zone) =>
  ['en_US.UTF-8', 'ar_EG.UTF-8'].map((locale) => ({ TZ: zone, LANG: locale, LC_ALL: locale })),
);

test('every case and every sentence is the same on machines of three zones and two locales', async () => {
  const answers = await Promise.all(
    MACHINES.map(
      async (machine) => (await run(process.execPath, [SCRIPT], { env: { ...process.env, ...machine } })).stdout,
    ),
  );
  expect(answers[0]).toMatch(/^[0-9a-f]{64} .+\n$/);
  expect(new Set(answers.map((answer) => answer.split(' ')[0])).size).toBe(1);
  // The machines do differ, or this test would show nothing.
  expect(new Set(answers.map((answer) => answer.split(' ').slice(1).join(' '))).size).toBeGreaterThan(3);
});
