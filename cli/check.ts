// `npm run check`: every static check of the project, one after the other, each named. Stops with exit code 1 at the
// end when any failed, so that one run shows all that is wrong.
import { spawnSync } from 'node:child_process';

const CHECKS: readonly { name: string; command: string; args: string[] }[] = [
  { name: 'types', command: 'tsc', args: [] },
  { name: 'lint', command: 'oxlint', args: ['--deny-warnings', '--type-aware'] },
  { name: 'format', command: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'migrations', command: 'node', args: ['cli/wedsync.ts', 'db', 'lint'] },
  { name: 'generated', command: 'node', args: ['cli/wedsync.ts', 'db', 'generate', '--check'] },
  { name: 'unused', command: 'knip', args: ['--no-progress'] },
];

const failed: string[] = [];
for (const check of CHECKS) {
  const started = performance.now();
  const run = spawnSync(check.command, check.args, { stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const ok = run.status === 0;
  if (!ok) failed.push(check.name);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)${run.error ? `: ${run.error.message}` : ''}`);
}
if (failed.length > 0) {
  console.error(`\nnpm run check: ${failed.join(', ')} failed. What each found stands above.`);
  process.exit(1);
}
