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
  testEnvironment: 'node',
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/scripts/jest-count-reporter.cjs'],
};
