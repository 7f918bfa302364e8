import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { BadSetting } from '../../../lib/errors';
import { ZipStream } from '../zip';

/** Where the files of a bundle go, one after another. */
export interface BundleFiles {
  file(name: string): Promise<BundleFile>;
  end(): Promise<void>;
  /** Takes away what was begun. */
  abandon(): void;
}

export interface BundleFile {
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

/** @throws BadSetting  when a folder is there and holds something: evidence is never mixed */
export function bundleFilesAt(path: string, now: number): BundleFiles {
  return path.toLowerCase().endsWith('.zip') ? zipped(path, now) : inFolder(path);
}

function zipped(path: string, now: number): BundleFiles {
  const part = `${path}.part`;
  const descriptor = openSync(part, 'w', 0o600);
  const zip = new ZipStream(async (bytes) => {
    for (let written = 0; written < bytes.byteLength;) written += writeSync(descriptor, bytes, written);
  }, now);
  return {
    file: (name) => Promise.resolve(zip.file(name)),
    end: async () => {
      await zip.end();
      closeSync(descriptor);
      renameSync(part, path);
    },
    abandon: () => {
      closeSync(descriptor);
      rmSync(part, { force: true });
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
  return {
    file: async (name) => ({
      write: async (text) => appendFileSync(join(path, name), text, { mode: 0o600 }),
      end: async () => appendFileSync(join(path, name), '', { mode: 0o600 }),
    }),
    end: () => Promise.resolve(),
    abandon: () => rmSync(path, { recursive: true, force: true }),
  };
}
