/** One run, three kinds: what is pure runs in Jest's process; every host, store worker and sandbox is a child process. */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/{lib,nodes,hosts,sandbox,server}/**/*.test.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/jest-esbuild.cjs' },
  modulePathIgnorePatterns: [
    '<rootDir>/dist/',
    '<rootDir>/build/',
    '<rootDir>/test/hosts/',
    '<rootDir>/test/n8n/host/',
    '<rootDir>/test/n8n/gates/',
  ],
  // What n8n lends to nodes is installed beside the n8n that tests run.
  moduleNameMapper: { '^n8n-workflow$': '<rootDir>/test/n8n/host/node_modules/n8n-workflow' },
  testEnvironment: 'node',
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/scripts/jest-count-reporter.cjs'],
};
