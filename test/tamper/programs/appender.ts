import { thisMachine } from '../../../lib/runtime/machine';
import { openPostgresStore, secretBox, storeOver } from '../../../lib/store';
import { event } from '../../store/examples';

/**
 * Appends to three sheets that others append to as well, in batches of one to four, and prints the keys that were
 * acknowledged. Arguments: database, a name for its keys, how many events (0: no limit), for how many seconds (0: no limit).
 */
async function main([url = '', name = '', count = '0', seconds = '0']: readonly string[]): Promise<void> {
  const driver = await openPostgresStore({ ...thisMachine(), url });
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const [most, until] = [Number(count) || Infinity, Number(seconds) ? Date.now() + Number(seconds) * 1000 : Infinity];
  for (let made = 0; made < most && Date.now() < until;) {
    const batch = Array.from({ length: Math.min(1 + (made % 4), most - made) }, (_, at) =>
      event(`${name}:${made + at}`, { sheet_id: String(1 + ((made + at) % 3)) }),
    );
    await store.append(batch);
    made += batch.length;
    process.stdout.write(`${batch.map((each) => each.event_key).join('\n')}\n`);
  }
  await driver.close();
}

void main(process.argv.slice(2));
