import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { BadSetting } from '../../../lib/errors';
import { syncFolder } from '../../sign-in/private-file';
import { ZipStream } from '../zip';

/** Where the files of a bundle go, one after another. */
export interface BundleFiles {
  file(name: string): Promise<BundleFile>;
  /** Forgets what was written, to be written anew. */
  again(): void;
  /** A .zip is on the disk then, and not only with the system: it may be the only copy. */
  end(): Promise<void>;
  /** Takes away what was begun. */
  abandon(): void;
}

export interface BundleFile {
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

/**
 * @param zip64From  from which size on a ZIP is in the form of ZIP64; tests set it lower
 * @throws BadSetting  when a folder is there and holds something: evidence is never mixed
 */
export function bundleFilesAt(path: string, now: number, zip64From?: number): BundleFiles {
  return path.toLowerCase().endsWith('.zip') ? zipped(path, now, zip64From) : inFolder(path);
}

function zipped(path: string, now: number, zip64From?: number): BundleFiles {
  const part = `${path}.part`;
  const descriptor = openSync(part, 'w', 0o600);
  const begun = (): ZipStream => {
    ftruncateSync(descriptor);
    let at = 0;
    return new ZipStream(
      async (bytes) => {
        for (let written = 0; written < bytes.byteLength;) {
          const more = writeSync(descriptor, bytes, written, bytes.byteLength - written, at);
          [written, at] = [written + more, at + more];
        }
      },
      now,
      zip64From,
    );
  };
  let [zip, isOpen, place] = [begun(), true, part];
  const close = (): void => {
    // Once, whatever fails: by a second time the number may be another file's.
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  return {
    file: (name) => Promise.resolve(zip.file(name)),
    again: () => {
      zip.abandon();
      zip = begun();
    },
    end: async () => {
      await zip.end();
      fsyncSync(descriptor);
      close();
      renameSync(part, path);
      place = path;
      syncFolder(dirname(path));
    },
    abandon: () => {
      zip.abandon();
      close();
      rmSync(place, { force: true });
    },
  };
}

function inFolder(path: string): BundleFiles {
  if (existsSync(path) && readdirSync(path).length > 0) {
    throw new BadSetting(
      '--evidence',
      `names ${path}, which holds something already`,
      'Name a folder that is empty or not there.',
    );
  }
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const empty = (): void => {
    for (const name of readdirSync(path)) rmSync(join(path, name));
  };
  return {
    file: async (name) => ({
      write: async (text) => appendFileSync(join(path, name), text, { mode: 0o600 }),
      end: async () => appendFileSync(join(path, name), '', { mode: 0o600 }),
    }),
    again: empty,
    end: () => Promise.resolve(),
    abandon: () => rmSync(path, { recursive: true, force: true }),
  };
}
