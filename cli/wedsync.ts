#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// What follows is compiled once for all starts: half of the time of a short command.
enableCompileCache();
const { runCommandLine } = await import('./run-command-line.ts');

// Whoever reads our output may have had enough (`wedsync plan ... | head`): that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCommandLine(process.argv);
// A command that was refused has nothing left to do; a native thread (Temporal's) must not keep it at the terminal.
if (process.exitCode === 2) setTimeout(() => process.exit(), 500).unref();
