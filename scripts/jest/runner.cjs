/**
 * Jest's runner, with every test file in one of `maxWorkers` processes, however few the files are, and with one more
 * try at the end for what Node.js itself broke off, and, where TEST_AGAIN allows it, for files that failed.
 */
const TestRunner = require('jest-runner').default;

/** The ends of a process that no test can bring about by failing. */
const ENDED_BY_CRASH = /terminated by another process: signal=(SIGABRT|SIGSEGV|SIGTRAP|SIGILL|SIGBUS)\b/;

/** So many failed files at most are run once more: with more of them, what was changed is broken. */
const FAILED_FILES_RUN_AGAIN = Number(process.env.TEST_AGAIN) || 0;

/**
 * Opening and closing many WebAssembly databases in one process brings V8 itself to abort now and then
 * (nodejs/node#64500, a few per cent of long runs). A test file in whose process that happened has no result, and is run
 * once more at the end. A failed test is no such end: its file is run once more only where TEST_AGAIN says how many files
 * may be, with its failure printed in full, and is named as unsteady when it then passes.
 */
module.exports = class AgainAtTheEnd extends TestRunner {
  #again = [];
  #failedOnce = new Set();
  #mayBeginAgain = true;

  async runTests(tests, watcher) {
    // `--runInBand` is asked for by who debugs.
    const options = { serial: this._globalConfig.runInBand };
    await super.runTests(tests, watcher, options);
    this.#mayBeginAgain = false;
    if (this.#again.length > 0) await super.runTests(this.#again, watcher, options);
    for (const path of this.#failedOnce) print(`UNSTEADY: ${path} failed, and passed when it was run once more.`);
  }

  on(event, listener) {
    if (event === 'test-file-failure') return super.on(event, (told) => this.#brokenOff(...told) || listener(told));
    if (event === 'test-file-success') return super.on(event, (told) => this.#failed(...told) || listener(told));
    return super.on(event, listener);
  }

  /** Whether a file that has no result will have one. */
  #brokenOff(test, error) {
    if (!this.#mayBeginAgain) this.#failedOnce.delete(test.path);
    const [, signal] = ENDED_BY_CRASH.exec(error?.message ?? '') ?? [];
    if (signal === undefined || !this.#mayBeginAgain) return false;
    this.#again.push(test);
    print(
      `Node.js itself was ended by ${signal}, without a result (see nodejs/node#64500). ${test.path} is run once more.`,
    );
    return true;
  }

  /** Whether a file that failed will be tried once more. */
  #failed(test, { failureMessage, testExecError }) {
    const failure = failureMessage ?? testExecError?.message;
    if (!failure) return false;
    if (!this.#mayBeginAgain) {
      this.#failedOnce.delete(test.path);
      return false;
    }
    if (this.#failedOnce.size >= FAILED_FILES_RUN_AGAIN) return false;
    this.#failedOnce.add(test.path);
    this.#again.push(test);
    print(`FAILED: ${test.path}, which is run once more at the end.\n${failure}`);
    return true;
  }
};

function print(text) {
  process.stdout.write(`${text}\n`);
}
