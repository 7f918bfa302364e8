import { NoteUnreadable } from './errors';
import type { Hash } from './merkle';
import { readNote, readVerifier, signNote, verifierText, type SignedNote, type Signer, type Verifier } from './note';

/** The head of the tree at one size: what is signed and anchored (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Which log; also the name of its key. */
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
  /** When it was sealed. */
  readonly sealedAt: string;
  /** A key that signs from now on: this checkpoint is signed by it and by the one before. */
  readonly nextKey: Verifier | null;
}

/** A checkpoint as it was found somewhere. */
export interface FoundCheckpoint extends Checkpoint {
  readonly note: SignedNote;
  /** The exact text. */
  readonly text: string;
}

/** Our two extension lines. They are signed like the rest; verifiers that do not know them pass over them. */
const SEALED = 'sealed ';
const NEXT_KEY = 'next-key ';

export function writeCheckpoint(checkpoint: Checkpoint, signers: readonly Signer[]): string {
  const { origin, size, root, sealedAt, nextKey } = checkpoint;
  const lines = [origin, String(size), Buffer.from(root).toString('base64'), SEALED + sealedAt];
  if (nextKey) lines.push(NEXT_KEY + verifierText(nextKey));
  return signNote(`${lines.join('\n')}\n`, signers);
}

/** @throws NoteUnreadable  for what is not in the form; says nothing about who signed */
export function readCheckpoint(text: string): FoundCheckpoint {
  const note = readNote(text);
  const [origin = '', size = '', root = '', ...more] = note.text.slice(0, -1).split('\n');
  const bytes = Buffer.from(root, 'base64');
  if (origin === '' || !/^(0|[1-9]\d{0,15})$/.test(size) || bytes.length !== 32 || bytes.toString('base64') !== root) {
    throw new NoteUnreadable('its first three lines are not an origin, a size and a root hash');
  }
  if (more.includes('')) throw new NoteUnreadable('an extension line is empty');
  const said = (prefix: string): string | undefined =>
    more.find((line) => line.startsWith(prefix))?.slice(prefix.length);
  const nextKey = said(NEXT_KEY);
  return {
    origin,
    size: Number(size),
    root: bytes,
    sealedAt: said(SEALED) ?? '',
    nextKey: nextKey === undefined ? null : readVerifier(nextKey),
    note,
    text,
  };
}
