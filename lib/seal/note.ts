import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { NoteUnreadable } from './errors';

/** A name and an Ed25519 key, as C2SP signed notes know one who signs. */
export interface Verifier {
  readonly name: string;
  readonly keyId: number;
  /** 32 bytes, as of RFC 8032. */
  readonly publicKey: Uint8Array;
}

export interface Signer extends Verifier {
  readonly privateKey: KeyObject;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** What is signed: ends with a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const ED25519 = 1;
/** Before the 32 bytes of an Ed25519 key, this makes the DER form that programs read (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const EM_DASH = '\u2014';
const MOST_SIGNATURES = 64;

export function verifierOf(name: string, publicKey: Uint8Array): Verifier {
  if (!isKeyName(name)) throw new NoteUnreadable(`"${name}" cannot name a key`);
  const digest = createHash('sha256').update(`${name}\n`).update(Uint8Array.of(ED25519)).update(publicKey).digest();
  return { name, keyId: digest.readUInt32BE(0), publicKey };
}

export function signerOf(name: string, privateKey: KeyObject): Signer {
  return { ...verifierOf(name, rawPublicKey(privateKey)), privateKey };
}

/** The 32 bytes of the public half. */
export function rawPublicKey(privateKey: KeyObject): Uint8Array {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(SPKI_PREFIX.length);
}

/** One line that says whose signatures to trust: `name+key id+base64(0x01, key)`. */
export function verifierText({ name, keyId, publicKey }: Verifier): string {
  return `${name}+${hexId(keyId)}+${Buffer.concat([Uint8Array.of(ED25519), publicKey]).toString('base64')}`;
}

/** @throws NoteUnreadable */
export function readVerifier(text: string): Verifier {
  const parts = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  const [, name = '', id = '', encoded = ''] = parts ?? [];
  const key = Buffer.from(encoded, 'base64');
  if (key.length !== 33 || key[0] !== ED25519) throw new NoteUnreadable(`"${text.slice(0, 80)}" is no public key`);
  const verifier = verifierOf(name, key.subarray(1));
  if (hexId(verifier.keyId) !== id) throw new NoteUnreadable(`the key id ${id} does not belong to the key of ${name}`);
  return verifier;
}

export function hexId(keyId: number): string {
  return keyId.toString(16).padStart(8, '0');
}

/** Signs a text, which ends with a newline, with each of the keys. */
export function signNote(text: string, signers: readonly Signer[]): string {
  const lines = signers.map(({ name, keyId, privateKey }) => {
    const id = Buffer.alloc(4);
    id.writeUInt32BE(keyId);
    const signature = sign(null, Buffer.from(text), privateKey);
    return `${EM_DASH} ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** @throws NoteUnreadable  for what is not in the form; says nothing about who signed */
export function readNote(note: string): SignedNote {
  const end = note.lastIndexOf('\n\n');
  // eslint-disable-next-line no-control-regex -- the form forbids exactly these
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw new NoteUnreadable('it holds control characters');
  if (end < 0 || !note.endsWith('\n')) throw new NoteUnreadable('no empty line stands before its signatures');
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MOST_SIGNATURES) throw new NoteUnreadable(`it has ${lines.length} signatures`);
  return { text: note.slice(0, end + 1), signatures: lines.map(readSignature) };
}

/** Whose signatures hold. Those of keys that nobody trusts here are ignored, as C2SP asks; a wrong one of a known key counts as none at all. */
export function signersOf({ text, signatures }: SignedNote, trusted: readonly Verifier[]): readonly Verifier[] {
  const good: Verifier[] = [];
  for (const { name, keyId, signature } of signatures) {
    const known = trusted.find((each) => each.name === name && each.keyId === keyId);
    if (!known) continue;
    if (!holds(text, signature, known)) return [];
    good.push(known);
  }
  return good;
}

function holds(text: string, signature: Uint8Array, { publicKey }: Verifier): boolean {
  const der = Buffer.concat([SPKI_PREFIX, publicKey]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return signature.length === 64 && verify(null, Buffer.from(text), key, signature);
}

function readSignature(line: string): NoteSignature {
  const [, name = '', encoded = ''] = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (!isKeyName(name) || bytes.length < 5) throw new NoteUnreadable(`"${line.slice(0, 80)}" is no signature`);
  return { name, keyId: bytes.readUInt32BE(0), signature: bytes.subarray(4) };
}

function isKeyName(name: string): boolean {
  return name !== '' && !/[\s+]/u.test(name);
}
