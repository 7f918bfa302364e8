/**
 * Jest's runner, with every test file in one of `maxWorkers` processes, however few the files are, and with one more
 * try for what V8 itself broke off.
 */
const TestRunner = require('jest-runner').default;

/** The ends of a process that no test can bring about by failing. */
const ENDED_BY_CRASH = /terminated by another process: signal=(SIGABRT|SIGSEGV|SIGTRAP|SIGILL|SIGBUS)\b/;

/**
 * Opening and closing many WebAssembly databases in one process brings V8 itself to abort now and then
 * (nodejs/node#64500, a few per cent of long runs). A test file in whose process that happened has no result, and is run
 * once more at the end. A failed test is no such end.
 */
module.exports = class AgainAfterCrash extends TestRunner {
  #brokenOff = [];
  #mayBeginAgain = true;

  async runTests(tests, watcher) {
    // `--runInBand` is asked for by who debugs.
    const options = { serial: this._globalConfig.runInBand };
    await super.runTests(tests, watcher, options);
    this.#mayBeginAgain = false;
    if (this.#brokenOff.length > 0) await super.runTests(this.#brokenOff, watcher, options);
  }

  on(event, listener) {
    if (event !== 'test-file-failure') return super.on(event, listener);
    return super.on(event, ([test, error]) => {
      const [, signal] = ENDED_BY_CRASH.exec(error?.message ?? '') ?? [];
      if (signal === undefined || !this.#mayBeginAgain) return listener([test, error]);
      this.#brokenOff.push(test);
      process.stdout.write(
        `Node.js itself was ended by ${signal}, without a result (see nodejs/node#64500). ${test.path} is run once more.\n`,
      );
      return undefined;
    });
  }
};
