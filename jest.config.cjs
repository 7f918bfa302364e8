const { availableParallelism, totalmem } = require('node:os');

/**
 * Test files that run at a time: TEST_LANES, or as many as there are cores. Two at least, since a test waits as often as it
 * works; each may take 3 GB with all that it starts.
 */
const LANES =
  Number(process.env.TEST_LANES) ||
  Math.max(2, Math.min(availableParallelism(), Math.floor(totalmem() / (3 * 2 ** 30))));

/** One run, three kinds: what is pure runs in Jest's process; every host, store worker and sandbox is a child process. */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/{lib,nodes,hosts,sandbox,server}/**/*.test.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/jest/esbuild.cjs' },
  modulePathIgnorePatterns: [
    '<rootDir>/dist/',
    '<rootDir>/build/',
    '<rootDir>/test/hosts/',
    '<rootDir>/test/n8n/host/',
    '<rootDir>/test/n8n/gates/',
  ],
  // What n8n lends to nodes is installed beside the n8n that tests run.
  moduleNameMapper: { '^n8n-workflow$': '<rootDir>/test/n8n/host/node_modules/n8n-workflow' },
  testEnvironment: '<rootDir>/scripts/jest/environment.cjs',
  runner: '<rootDir>/scripts/jest/runner.cjs',
  testSequencer: '<rootDir>/scripts/jest/sequencer.cjs',
  globalSetup: '<rootDir>/scripts/jest/folder.cjs',
  globalTeardown: '<rootDir>/scripts/jest/folder-removed.cjs',
  maxWorkers: LANES,
  // A process that has grown beyond this makes room for a new one when a test file is done.
  workerIdleMemoryLimit: '1500MB',
  testTimeout: 120_000,
  reporters: ['default', '<rootDir>/scripts/jest/count-reporter.cjs'],
};
