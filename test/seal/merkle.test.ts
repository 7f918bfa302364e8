import fc from 'fast-check';
import { Frontier, leafHash, MerkleTree, provesConsistency, provesInclusion, type Hash } from '../../lib/seal/merkle';

/** The eight leaves and the roots that every implementation of RFC 6962 is tried with (Certificate Transparency). */
const ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const hex = (hash: Hash): string => Buffer.from(hash).toString('hex');
const bytes = (text: string): Buffer => Buffer.from(text, 'hex');

function treeOf(leaves: readonly Hash[]): MerkleTree {
  const tree = new MerkleTree();
  leaves.forEach((leaf) => tree.append(leaf));
  return tree;
}

const known = treeOf(ENTRIES.map((entry) => leafHash(bytes(entry))));
const many = Array.from({ length: 70 }, (_, place) => leafHash(Uint8Array.of(place, place * 3)));

describe('the Merkle tree', () => {
  it('has the roots of RFC 6962 at every size', () => {
    expect(ROOTS.map((_, size) => hex(known.root(size)))).toEqual(ROOTS);
  });

  it.each([
    [0, 1, []],
    [
      0,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      5,
      8,
      [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  ])('proves leaf %i in a tree of %i as RFC 6962 does', (index, size, proof) => {
    expect(known.inclusionProof(index, size).map(hex)).toEqual(proof);
  });

  it.each([
    [
      1,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      6,
      8,
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [
      2,
      5,
      [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
    [8, 8, []],
  ])('proves that %i leaves are the beginning of %i as RFC 6962 does', (first, second, proof) => {
    expect(known.consistencyProof(first, second).map(hex)).toEqual(proof);
  });

  it('proves every leaf and every beginning at every size', () => {
    const tree = treeOf(many);
    for (let size = 1; size <= many.length; size += 1) {
      const head = { size, root: tree.root(size) };
      for (let place = 0; place < size; place += 1) {
        expect(provesInclusion(many[place]!, place, head, tree.inclusionProof(place, size))).toBe(true);
        const first = { size: place + 1, root: tree.root(place + 1) };
        expect(provesConsistency(first, head, tree.consistencyProof(place + 1, size))).toBe(true);
      }
    }
  });

  it('accepts no proof of which anything was changed', () => {
    const tree = treeOf(many);
    const flip = (hash: Hash): Hash => Uint8Array.from(hash, (byte, at) => (at === 3 ? byte ^ 1 : byte));
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 70 }).chain((size) => fc.tuple(fc.constant(size), fc.nat({ max: size - 1 }))),
        fc.nat({ max: 9 }),
        ([size, place], which) => {
          const head = { size, root: tree.root(size) };
          const leaf = many[place]!;
          const proof = tree.inclusionProof(place, size);
          const at = which % proof.length;
          const bent = proof.map((hash, each) => (each === at ? flip(hash) : hash));
          expect(provesInclusion(leaf, place, head, bent)).toBe(false);
          expect(provesInclusion(leaf, place, head, proof.slice(1))).toBe(false);
          expect(provesInclusion(leaf, place, head, [...proof, leaf])).toBe(false);
          expect(provesInclusion(flip(leaf), place, head, proof)).toBe(false);
          expect(provesInclusion(leaf, place, { size, root: flip(head.root) }, proof)).toBe(false);
          if (place === 0) return;
          const first = { size: place, root: tree.root(place) };
          const steps = tree.consistencyProof(place, size);
          expect(provesConsistency({ ...first, root: flip(first.root) }, head, steps)).toBe(false);
          expect(provesConsistency(first, { size, root: flip(head.root) }, steps)).toBe(false);
          expect(provesConsistency(first, head, [...steps, leaf])).toBe(false);
          expect(provesConsistency(first, head, steps.slice(1))).toBe(false);
        },
      ),
      { seed: 6962 },
    );
  });

  it('gives the same root by its edge alone, taken up again at any size', () => {
    const tree = treeOf(many);
    let edge = Frontier.empty();
    many.forEach((leaf, place) => {
      edge.append(leaf);
      expect(hex(edge.root())).toBe(hex(tree.root(place + 1)));
      edge = Frontier.of(edge.size, edge.hashes());
    });
    expect(() => Frontier.of(5, edge.hashes())).toThrow(RangeError);
  });
});
