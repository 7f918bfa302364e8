import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, removeFolder } from '../../support/store';

const BYTES = 4 * 1024 * 1024;

/** A file system of its own, of 4 MB, in memory: writing to it fails with a real ENOSPC when it is full. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves so many bytes free. */
  fill(left: number): void;
  empty(): void;
  unmount(): void;
}

/** @returns null where mounting is not permitted; it takes root on Linux */
export function mountSmallDisk(folder: string): SmallDisk | null {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${BYTES}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return null;
  }
  chmodSync(folder, 0o777);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: (left) => {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - left)));
    },
    empty: () => rmSync(ballast, { force: true }),
    unmount: () => {
      execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function canMountSmallDisk(): boolean {
  const folder = newFolder();
  const disk = mountSmallDisk(folder);
  disk?.unmount();
  removeFolder(folder);
  return disk !== null;
}
