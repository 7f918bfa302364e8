import { openEmbeddedStore } from '../../../lib/store';

/** Opens the store and holds it until it is killed. Arguments: directory, worker, migrations. */
const [directory = '', workerPath = '', migrations = ''] = process.argv.slice(2);

void openEmbeddedStore({ directory, workerPath, migrations }).then(
  () => {
    process.stdout.write('open\n');
    setInterval(() => undefined, 60_000);
  },
  (thrown: unknown) => process.stdout.write(`${JSON.stringify(thrown)}\n`),
);
