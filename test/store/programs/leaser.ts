import { thisMachine } from '../../../lib/runtime/machine';
import { openPostgresStore, secretBox, storeOver } from '../../../lib/store';

/** Leases every change for as many seconds, says so, and goes on holding them until it is killed. */
const [url = '', seconds = '1'] = process.argv.slice(2);

void openPostgresStore({ ...thisMachine(), url }).then(async (driver) => {
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const changes = await store.leaseChanges({ sheetIds: 'all', limit: 100, leaseSeconds: Number(seconds) });
  process.stdout.write(`${changes.length}\n`);
  setInterval(() => undefined, 60_000);
});
