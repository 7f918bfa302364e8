/** The order of the test files: the longest begin first, so that no process is left alone with one of them at the end. */
const { join } = require('node:path');
const Sequencer = require('@jest/test-sequencer').default;

/** What takes a minute or more; a machine that has run the tests knows the times of all others. */
const LONGEST = [
  'test/faults/campaign.test.ts',
  'test/pipeline/replay.test.ts',
  'test/walk/walk.test.ts',
  'test/n8n/real.test.ts',
  'test/backup/backup.test.ts',
];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path, context }) => {
      const at = LONGEST.findIndex((file) => path === join(context.config.rootDir, file));
      return at < 0 ? LONGEST.length : at;
    };
    return super.sort(tests).sort((one, other) => place(one) - place(other));
  }
};
