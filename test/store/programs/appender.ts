import { openEmbeddedStore, secretBox, storeOver } from '../../../lib/store';
import { event } from '../examples';

/**
 * Appends events one by one until it is killed, and prints the key of each that was acknowledged.
 * Arguments: directory, worker, migrations.
 */
async function main([directory = '', workerPath = '', migrations = '']: readonly string[]): Promise<void> {
  const driver = await openEmbeddedStore({ directory, workerPath, migrations });
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  for (let number = 1; ; number += 1) {
    await store.append([event(`key:${number}`)]);
    process.stdout.write(`key:${number}\n`);
  }
}

void main(process.argv.slice(2));
