import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/postgres-server.ts', 'tests/support/workflow-bundle.ts'],
    pool: 'forks',
    // Two cores: more forks than cores only lengthens every timing-sensitive end-to-end test.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
