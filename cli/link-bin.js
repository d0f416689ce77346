// Makes `npx wedsync` work in a clone: npm links the commands of dependencies, but not those of the project itself.
// Plain JavaScript, because it runs under whatever Node (>= 20) did the installing.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';

const binFolder = new URL('../node_modules/.bin/', import.meta.url);
mkdirSync(binFolder, { recursive: true });
const link = new URL('wedsync', binFolder);
rmSync(link, { force: true });
symlinkSync('../../cli/wedsync.ts', link);
