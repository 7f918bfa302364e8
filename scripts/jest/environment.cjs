/**
 * Node's environment, in a process that holds the compiled code of the embedded database. V8 shares such code between
 * all threads of a process for as long as somebody holds it; else every store that a test opens compiles the database
 * anew, which costs two thirds of the processor time of a small test.
 */
const { readFileSync, writeSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { TestEnvironment } = require('jest-environment-node');

const programs = dirname(require.resolve('@electric-sql/pglite'));
const held = Promise.all(
  ['pglite.wasm', 'initdb.wasm'].map((name) => WebAssembly.compile(readFileSync(join(programs, name)))),
);

module.exports = class HoldingEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    // Kept by the environment, so that it is not collected while tests run.
    this.heldPrograms = await held;
  }
};

if (process.send !== undefined) {
  // A worker of Jest that ends with a code is begun again by Jest up to three times without a word. It ends by a signal
  // instead, which Jest reports as a failure of the test file that was running.
  process.on('exit', (code) => {
    if (code === 0) return;
    // At once: what process.stderr still holds goes with the process.
    writeSync(2, `A process of Jest ended itself with ${code} in the middle of a test file.\n`);
    process.kill(process.pid, 'SIGKILL');
  });
  // Nobody hears of a result when Jest itself was killed. Looked at, since to listen for it would keep the process alive.
  setInterval(() => process.connected || process.exit(0), 1000).unref();
}
