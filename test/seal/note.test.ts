import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '../../lib/seal/checkpoint';
import { leafHash } from '../../lib/seal/merkle';
import { readNote, readVerifier, signersOf, signerOf, verifierText, type Signer } from '../../lib/seal/note';
import { Trust } from '../../lib/seal/trust';

const origin = 'audit.example.com/log';
const newSigner = (name = origin): Signer => signerOf(name, generateKeyPairSync('ed25519').privateKey);
const [ours, next, stranger] = [newSigner(), newSigner(), newSigner()];
const head: Checkpoint = {
  origin,
  size: 3,
  root: leafHash(Buffer.from('x')),
  sealedAt: '2026-01-05T09:00:00.000Z',
  nextKey: null,
};

describe('a signed note', () => {
  it('is accepted from another implementation: the example of Go’s golang.org/x/mod/sumdb/note', () => {
    const peter = readVerifier('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
    const note =
      'If you think cryptography is the answer to your problem,\n' +
      "then you don't know what your problem is.\n\n" +
      '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
    expect(signersOf(readNote(note), [peter])).toEqual([peter]);
    expect(signersOf(readNote(note.replace('answer', 'enemy')), [peter])).toEqual([]);
  });

  it('gives back what was signed, and names who signed among those who are trusted', () => {
    const found = readCheckpoint(writeCheckpoint(head, [stranger, ours]));
    expect(found).toMatchObject({ origin, size: 3, sealedAt: head.sealedAt, nextKey: null });
    expect(Buffer.compare(found.root, head.root)).toBe(0);
    expect(signersOf(found.note, [ours]).map(({ keyId }) => keyId)).toEqual([ours.keyId]);
    expect(signersOf(found.note, [next])).toEqual([]);
  });

  it('is refused when any of its bytes was changed', () => {
    const text = writeCheckpoint(head, [ours]);
    const signed = text.lastIndexOf('\n\n');
    for (let at = 0; at <= signed; at += 1) {
      const bent = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
      const accepted = ((): boolean => {
        try {
          return signersOf(readNote(bent), [ours]).length > 0;
        } catch {
          return false;
        }
      })();
      expect([at, accepted]).toEqual([at, false]);
    }
  });

  it.each([
    ['', 'nothing'],
    ['a\n3\nAAAA\n\n\u2014 a AAAAAAAAAAA=\n', 'a short root'],
    [`${origin}\n03\n${Buffer.alloc(32).toString('base64')}\n\n\u2014 a AAAAAAAAAAA=\n`, 'a size with a leading zero'],
    [`${origin}\n3\n${Buffer.alloc(32).toString('base64')}\n\n- a AAAAAAAAAAA=\n`, 'a signature without its dash'],
  ])('cannot be read from %j: %s', (text) => {
    expect(() => readCheckpoint(text)).toThrow(expect.objectContaining({ code: 'note_unreadable' }));
  });

  it('has a key text that is read back, and refused with another name or a changed key', () => {
    const text = verifierText(ours);
    expect(readVerifier(text)).toMatchObject({ name: origin, keyId: ours.keyId });
    expect(() => readVerifier(text.replace(origin, 'other'))).toThrow(/does not belong/);
    expect(() => readVerifier(`${text.slice(0, -2)}AA`)).toThrow(/key/);
  });

  it('signs the same text the same way, with a key in PEM as openssl writes it', () => {
    const pem = ours.privateKey.export({ type: 'pkcs8', format: 'pem' });
    expect(writeCheckpoint(head, [signerOf(origin, createPrivateKey(pem))])).toBe(writeCheckpoint(head, [ours]));
  });
});

describe('whose signatures count', () => {
  const changed = { ...head, size: 4, nextKey: next };

  it('follows a new key that the key before vouched for and that signed itself', () => {
    const trust = new Trust([ours]);
    expect(trust.accepts(readCheckpoint(writeCheckpoint({ ...head, size: 5 }, [next])))).toBe(false);
    expect(trust.accepts(readCheckpoint(writeCheckpoint(changed, [ours, next])))).toBe(true);
    expect(trust.accepts(readCheckpoint(writeCheckpoint({ ...head, size: 5 }, [next])))).toBe(true);
  });

  it.each([
    ['by the new key alone', [next]],
    ['by the key before alone', [ours]],
    ['by a stranger and the new key', [stranger, next]],
  ])('believes no new key that was signed for %s', (_, signers) => {
    const trust = new Trust([ours]);
    trust.accepts(readCheckpoint(writeCheckpoint(changed, signers)));
    expect(trust.accepts(readCheckpoint(writeCheckpoint({ ...head, size: 5 }, [next])))).toBe(false);
  });

  it('believes our key for our log only', () => {
    const foreign = writeCheckpoint({ ...head, origin: 'another/log' }, [ours]);
    expect(new Trust([ours]).accepts(readCheckpoint(foreign))).toBe(false);
  });
});
