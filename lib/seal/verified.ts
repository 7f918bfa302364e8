import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const verified = z.object({
  origin: z.string(),
  /** Leaves of the tree. */
  size: z.number(),
  /** Its edge, as the store keeps it. */
  frontier: z.string(),
  checkpoint: z.object({ id: z.number(), note: z.string() }),
  /** Where each chain ended in that tree. */
  streams: z.record(z.string(), z.object({ seq: z.number(), hash: z.string() })),
});

/** What was verified up to a checkpoint: a later check may go on from there. As safe as the folder that it is kept in. */
export type Verified = z.infer<typeof verified>;

/** @returns null when nothing was verified yet, or what is there cannot be read */
export function readVerified(file: string): Verified | null {
  try {
    return verified.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

export function keepVerified(file: string, told: Verified): void {
  writeFileSync(`${file}.part`, JSON.stringify(told), { mode: 0o600 });
  renameSync(`${file}.part`, file);
}
