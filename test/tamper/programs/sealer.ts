import { thisMachine } from '../../../lib/runtime/machine';
import { openSealKeys, SealBook, sealNext } from '../../../lib/seal';
import { openPostgresStore, StoreRefused } from '../../../lib/store';

/**
 * Seals as a server does until it is killed, and prints a line for each seal, or for each one that another was faster at.
 * Arguments: database, key folder; then before or after and a number: it dies at that commit, at that side of it.
 */
async function main([url = '', keysFolder = '', side = '', dieAt = '0']: readonly string[]): Promise<void> {
  const driver = await openPostgresStore({ ...thisMachine(), url });
  const keys = openSealKeys(keysFolder, {});
  let commits = 0;
  class DyingBook extends SealBook {
    override async commit(batch: Parameters<SealBook['commit']>[0]): Promise<void> {
      const isLast = (commits += 1) === Number(dieAt);
      if (isLast && side === 'before') process.kill(process.pid, 'SIGKILL');
      await super.commit(batch);
      if (isLast && side === 'after') process.kill(process.pid, 'SIGKILL');
    }
  }
  const book = new DyingBook(driver);
  for (;;) {
    try {
      const { sealed } = await sealNext({ book, keys, now: Date.now });
      if (sealed > 0) process.stdout.write(`sealed ${sealed}\n`);
    } catch (thrown) {
      if (!(thrown instanceof StoreRefused) || thrown.sqlstate !== 'BA011') throw thrown;
      process.stdout.write('another\n');
    }
  }
}

void main(process.argv.slice(2));
