import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHome } from '../../lib/runtime/home';
import { thisMachine } from '../../lib/runtime/machine';
import { openSealer } from '../../lib/runtime/open-sealer';
import type { Sealer } from '../../lib/runtime/sealer';
import { buildStoreWorker } from '../support/store';
import { until } from '../support/until';
import { openSealedStore, type SealedStore } from './sealed-store';

const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const opened: Sealer[] = [];
let sealed: SealedStore;

beforeAll(async () => void (sealed = await openSealedStore(buildStoreWorker())));
afterAll(async () => {
  for (const sealer of opened) await sealer.stop();
  await sealed.close();
});

function sealerWith(environment: Record<string, string>): Sealer {
  const home = openHome(join(sealed.folder, 'home'));
  const sealer = openSealer({ log, timing: { sealSeconds: 0.05 } }, home, thisMachine(), sealed.driver, environment)!;
  opened.push(sealer);
  sealer.start();
  return sealer;
}

describe('the sealer of a Runtime whose anchors are away', () => {
  it('says on health that an anchor could not be read at the start, until it was compared', async () => {
    const folder = join(sealed.folder, 'anchor');
    const first = sealerWith({ ANCHOR_FOLDER: folder });
    await sealed.append(4);
    await until(async () => (await first.health()).text.includes('4 anchored'), 'the anchor');
    await first.stop();
    renameSync(folder, `${folder}.away`);
    writeFileSync(folder, 'no folder');
    const second = sealerWith({ ANCHOR_FOLDER: folder });
    await until(async () => (await second.health()).status === 'degraded', 'the anchor that is away');
    const { text } = await second.health();
    expect(text).toMatch(/; not compared since the start: The anchor folder .* does not work/);
    expect(text).not.toMatch(/\.;|\.\.|\.$/);
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    await until(async () => (await second.health()).status === 'ok', 'the anchor that is back');
  });
});
