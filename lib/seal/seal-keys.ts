import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SealKeyUnreadable } from './errors';
import { readVerifier, signerOf, verifierText, type Signer, type Verifier } from './note';

type Environment = Readonly<Record<string, string | undefined>>;

/** With what checkpoints are signed. */
export interface SealKeys {
  /** @param name  the origin of the log, which names the key */
  current(name: string): Signer;
  /** The key before, where a new one has not been vouched for yet. */
  before(name: string): Signer | null;
  /** The new key is vouched for: the one before is destroyed where it is ours to destroy. */
  changed(): void;
  /** The keys that this installation has ever signed with and believes without being told. */
  trusted(): readonly Verifier[];
  /** Remembers a key of ours, in `keys/seal.pub`. */
  remember(key: Verifier): void;
  /** The checkpoint that was signed last, kept beside the key: a database put back to an older state contradicts it. */
  lastSigned(): string | null;
  keepLastSigned(note: string): void;
}

const CURRENT = 'seal.key';
const BEFORE = 'seal-before.key';
const PUBLIC = 'seal.pub';
const LAST = 'seal-last.note';
const OWNER_ONLY = 0o600;
/** Before the 32 bytes of an Ed25519 seed, this makes PKCS #8 in DER (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The signing key: from `SEAL_KEY` (and, to change it, the earlier one from `SEAL_KEY_BEFORE`), else a file of the
 * folder `keys/`, made when it is missing.
 */
export function openSealKeys(folder: string, environment: Environment): SealKeys {
  const at = (name: string): string => join(folder, name);
  const fromEnvironment = (name: string): KeyObject | null => {
    const text = environment[name]?.trim() ?? '';
    return text === '' ? null : readKey(text, name);
  };
  // Read when it is needed: a key that cannot be read keeps events unsigned, not unrecorded.
  const given = (): KeyObject | null => fromEnvironment('SEAL_KEY');
  return {
    current: (name) => signerOf(name, given() ?? ownKey(at(CURRENT))),
    before: (name) => {
      const key = given()
        ? fromEnvironment('SEAL_KEY_BEFORE')
        : existsSync(at(BEFORE))
          ? readKey(readFileSync(at(BEFORE), 'utf8'), at(BEFORE))
          : null;
      return key && signerOf(name, key);
    },
    changed: () => rmSync(at(BEFORE), { force: true }),
    trusted: () => linesOf(at(PUBLIC)).map(readVerifier),
    remember: (key) => {
      const lines = linesOf(at(PUBLIC));
      const text = verifierText(key);
      if (!lines.includes(text)) replace(at(PUBLIC), `${[...lines, text].join('\n')}\n`);
    },
    lastSigned: () => (existsSync(at(LAST)) ? readFileSync(at(LAST), 'utf8') : null),
    keepLastSigned: (note) => replace(at(LAST), note),
  };
}

/**
 * Makes a new signing key. The next checkpoint is signed by the key before as well, which is destroyed then.
 * @returns false when a change is under way already
 */
export function changeSealKey(folder: string): boolean {
  const [current, before] = [join(folder, CURRENT), join(folder, BEFORE)];
  if (existsSync(before)) return false;
  if (existsSync(current)) renameSync(current, before);
  ownKey(current);
  return true;
}

function ownKey(path: string): KeyObject {
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: OWNER_ONLY, flag: 'wx' });
  }
  return readKey(readFileSync(path, 'utf8'), path);
}

function readKey(text: string, where: string): KeyObject {
  try {
    const seed = Buffer.from(text, 'base64');
    const key = text.includes('-----BEGIN')
      ? createPrivateKey(text.replaceAll('\\n', '\n'))
      : createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (thrown) {
    throw new SealKeyUnreadable(where, { cause: thrown });
  }
  throw new SealKeyUnreadable(where);
}

function linesOf(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** As a whole or not at all. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.part`, text, { mode: OWNER_ONLY });
  renameSync(`${path}.part`, path);
}
