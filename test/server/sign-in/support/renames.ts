import { createRequire } from 'node:module';

type Files = { renameSync: (from: string, to: string) => void };

/** Calls back after each file that was put into its place: the moments between the writes of a program. */
export function spyOnRenames(after: (done: number) => void): void {
  const files = createRequire(__filename)('node:fs') as Files;
  const rename = files.renameSync;
  let done = 0;
  files.renameSync = (from, to) => {
    rename(from, to);
    done += 1;
    after(done);
  };
}
