import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSecretBox, secretBox, SecretUnreadable } from '../../lib/store';
import { newFolder, removeFolder } from '../support/store';

describe('the secret box', () => {
  const folder = newFolder();
  const keys = join(folder, 'keys');
  afterAll(() => removeFolder(folder));

  it('opens what it sealed, also after a restart', () => {
    const sealed = openSecretBox(keys).seal('the secret', 'webhook 1');
    expect(openSecretBox(keys).open(sealed, 'webhook 1')).toBe('the secret');
    expect(sealed).not.toContain('the secret');
  });

  it('never seals the same secret to the same text', () => {
    const box = secretBox(new Uint8Array(32));
    expect(box.seal('a', 'webhook 1')).not.toBe(box.seal('a', 'webhook 1'));
  });

  it('does not open a secret that was moved to another webhook, altered, or sealed with another key', () => {
    const box = secretBox(new Uint8Array(32));
    const sealed = box.seal('the secret', 'webhook 1');
    const altered = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`;
    expect(() => box.open(sealed, 'webhook 2')).toThrow(SecretUnreadable);
    expect(() => box.open(altered, 'webhook 1')).toThrow(SecretUnreadable);
    expect(() => box.open('in clear', 'webhook 1')).toThrow(SecretUnreadable);
    expect(() => secretBox(new Uint8Array(32).fill(1)).open(sealed, 'webhook 1')).toThrow(SecretUnreadable);
  });

  it('keeps its key in a file that only the owner may read', () => {
    openSecretBox(keys);
    const file = join(keys, 'store.key');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toHaveLength(32);
  });

  it('refuses a key file that is not a key instead of making another one over it', () => {
    const file = join(keys, 'store.key');
    writeFileSync(file, 'garbage');
    expect(() => openSecretBox(keys)).toThrow(SecretUnreadable);
    expect(readFileSync(file, 'utf8')).toBe('garbage');
  });
});
