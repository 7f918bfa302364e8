import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors';
import { readCheckpoint } from '../checkpoint';
import { AnchorFailed } from '../errors';
import { ANCHOR_SECONDS, checkpointsAmong, filesOf, type Anchor } from './anchor';

/** A folder: a share of another machine, a disk that is written once, a folder that is synchronized away. */
export function folderAnchor(folder: string): Anchor {
  const name = `folder ${folder}`;
  return {
    name,
    everySeconds: ANCHOR_SECONDS,
    put: async (checkpoint, size) => {
      const root = Buffer.from(readCheckpoint(checkpoint.note).root).toString('hex');
      try {
        mkdirSync(folder, { recursive: true });
        for (const [file, text] of filesOf(checkpoint, size, root)) writeOnce(join(folder, file), text);
      } catch (thrown) {
        throw failed(name, thrown);
      }
    },
    read: async () => {
      try {
        return checkpointsAmong(filesIn(folder));
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw failed(name, thrown);
      }
    },
  };
}

/** @throws  what the file system says */
export function filesIn(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder).filter((name) => /\.(checkpoint|leaves)$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** What is there already stays as it is. */
export function writeOnce(path: string, text: string): void {
  try {
    if (readFileSync(path, 'utf8') === text) return;
    throw new Error(`${path} is there already and holds something else`);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

function failed(name: string, thrown: unknown): AnchorFailed {
  const hint = 'Check that the folder of ANCHOR_FOLDER is there and may be written.';
  return new AnchorFailed(name, messageOf(thrown), hint, { cause: thrown });
}
