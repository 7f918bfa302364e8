/** Ends the run with one plain line of counts, and fails it on a skip where CI says that nothing may be skipped. */
module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    this.skipped = results.numPendingTests + results.numTodoTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    process.stdout.write(`\ntests: ${results.numPassedTests} passed, ${failed} failed, ${this.skipped} skipped\n`);
  }

  getLastError() {
    if (this.skipped > 0 && process.env.BILLING_AUDIT_FAIL_ON_SKIP) {
      return new Error(`${this.skipped} tests were skipped, and here none may be.`);
    }
    return undefined;
  }
};
