import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../lib/errors';
import { SandboxStateDamaged } from '../errors';
import type { SavedState } from './saved-state';

const FORMAT = 1;
const headSchema = z.object({ format: z.literal(FORMAT), sha256: z.string().length(64) });

/** The file `sandbox.json` in the state folder: one line that names format and checksum, one line with the state. */
export class StateFile {
  readonly path: string;
  private last: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.path = join(directory, 'sandbox.json');
  }

  /** @returns null when there is no file yet. @throws SandboxStateDamaged */
  read(): SavedState | null {
    if (!existsSync(this.path)) return null;
    try {
      const text = readFileSync(this.path, 'utf8');
      const end = text.indexOf('\n');
      const head = headSchema.parse(JSON.parse(text.slice(0, end)));
      const body = text.slice(end + 1);
      if (checksum(body) !== head.sha256) throw new Error('its checksum does not fit; it was cut off or altered');
      return JSON.parse(body) as SavedState;
    } catch (cause) {
      throw new SandboxStateDamaged(
        this.path,
        cause instanceof z.ZodError ? 'its first line is not a head of format 1' : messageOf(cause),
      );
    }
  }

  /** Replaces the file whole or not at all, one writing after the other. */
  write(state: SavedState): Promise<void> {
    const body = JSON.stringify(state);
    const text = `${JSON.stringify({ format: FORMAT, sha256: checksum(body) })}\n${body}`;
    this.last = this.last.then(
      () => this.replace(text),
      () => this.replace(text),
    );
    return this.last;
  }

  private async replace(text: string): Promise<void> {
    const beside = `${this.path}.new`;
    const file = await open(beside, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, this.path);
  }
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
