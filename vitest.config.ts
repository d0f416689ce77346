import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/** Where a file lasts half a minute: begun last, one of these would keep one core busy while the other has nothing to do. */
const LONG = /\/tests\/(e2e|stories|chaos|replay|services)\//;

/** The long ones first, then the larger files, as vitest does by itself. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/support/set-up.ts',
    setupFiles: ['tests/support/fixed-seed.ts'],
    pool: 'forks',
    // Most of a test against real servers is waiting: on two cores four files keep both of them busy.
    maxWorkers: 4,
    // Loading Temporal, Postgres and the platform anew for each of the files was a seventh of the whole run. No file may
    // leave anything of its own in a module: servers, databases and folders are made and ended by each.
    isolate: false,
    // The files are run by Node as they are, as in the product: nothing is mocked that would need vitest's own loader.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    sequence: { sequencer: LongFirst },
    // These end a broken test; how long something takes is no test's matter.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
