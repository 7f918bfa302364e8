import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Now } from '../../lib/ports';
import { readPrivateFile, writePrivateFile } from './private-file';
import type { EndReason, Session } from './session';

const sessionOnDisk = z.strictObject({
  id: z.string().min(1),
  tokenHash: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().min(1),
  createdAt: z.number(),
  lastUsedAt: z.number(),
  address: z.string(),
  userAgent: z.string(),
});
const fileOnDisk = z.strictObject({ version: z.literal(1), sessions: z.array(sessionOnDisk) });

/** A last use is written down at most this often; after a crash a session is at most this much closer to its end. */
const WRITE_USE_EVERY = 60_000;
const SESSIONS_PER_PERSON = 20;

export type EndListener = (session: Session, reason: EndReason) => void;

/** All sessions, in memory and in one file of the home's `keys` folder, so that a restart signs nobody out. */
export class SessionFile {
  private readonly byHash = new Map<string, Session>();
  private readonly listeners: EndListener[] = [];
  private writtenAt: number;
  private unwritten = false;

  private constructor(
    private readonly path: string,
    private readonly now: Now,
    sessions: readonly Session[],
  ) {
    for (const session of sessions) this.byHash.set(session.tokenHash, session);
    this.writtenAt = now();
  }

  /** @throws KeysUnreadable */
  static open(path: string, now: Now): SessionFile {
    return new SessionFile(path, now, readPrivateFile(path, (json) => fileOnDisk.parse(json))?.sessions ?? []);
  }

  /** Calls back for every session that ends, whatever the reason. */
  onEnd(listener: EndListener): void {
    this.listeners.push(listener);
  }

  /** Begins a session with a token of 256 bits that was never used before and is kept nowhere. */
  begin(
    name: string,
    from: { readonly address: string; readonly userAgent: string },
  ): { token: string; session: Session } {
    const token = randomBytes(32).toString('base64url');
    const now = this.now();
    const session: Session = {
      id: randomBytes(9).toString('base64url'),
      tokenHash: hashOf(token),
      name,
      createdAt: now,
      lastUsedAt: now,
      address: from.address,
      userAgent: from.userAgent.slice(0, 300),
    };
    const older = this.of(name);
    for (const tooMany of older.slice(SESSIONS_PER_PERSON - 1)) this.drop(tooMany, 'signed_in_again');
    this.byHash.set(session.tokenHash, session);
    try {
      this.write();
    } catch (thrown) {
      this.byHash.delete(session.tokenHash);
      throw thrown;
    }
    return { token, session };
  }

  /** Whose token this is. That it is found does not mean that it still holds: see `whyOver`. */
  byToken(token: string): Session | null {
    return this.byHash.get(hashOf(token)) ?? null;
  }

  all(): readonly Session[] {
    return [...this.byHash.values()];
  }

  /** A person's sessions, the one last used first. */
  of(name: string): readonly Session[] {
    return this.all()
      .filter((session) => session.name === name)
      .sort((one, other) => other.lastUsedAt - one.lastUsedAt);
  }

  /** Notes that its person has just done something. */
  used(session: Session): void {
    const now = this.now();
    const known = this.byHash.get(session.tokenHash);
    if (!known || known.lastUsedAt >= now) return;
    this.byHash.set(known.tokenHash, { ...known, lastUsedAt: now });
    this.unwritten = true;
    if (now - this.writtenAt >= WRITE_USE_EVERY) this.tryToWrite(now);
  }

  end(session: Session, reason: EndReason): void {
    if (this.drop(session, reason)) this.write();
  }

  /** Ends every session of a person, but for one if it is given. */
  endAll(name: string, reason: EndReason, except?: Session): void {
    for (const session of this.of(name)) if (session.id !== except?.id) this.end(session, reason);
  }

  /** Writes down what is only in memory; for a stop in order. */
  flush(): void {
    if (this.unwritten) this.write();
  }

  private drop(session: Session, reason: EndReason): boolean {
    const ended = this.byHash.get(session.tokenHash);
    if (!ended) return false;
    this.byHash.delete(session.tokenHash);
    for (const listener of this.listeners) listener(ended, reason);
    return true;
  }

  /** A full disk must not take away the pages that would tell of it; it is tried again in a minute. */
  private tryToWrite(now: number): void {
    try {
      this.write();
    } catch {
      this.writtenAt = now;
    }
  }

  private write(): void {
    writePrivateFile(this.path, `${JSON.stringify({ version: 1, sessions: this.all() })}\n`);
    this.writtenAt = this.now();
    this.unwritten = false;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
