import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { changeSealKey, readAnchors, SealBook, verifierText, viewsOf, anchorWhatIsDue } from '../../lib/seal';
import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import { bundleFilesAt, writeEvidence, type EvidenceOrder } from '../../server/export';
import { event } from '../store/examples';
import { buildStoreWorker } from '../support/store';
import { openSealedStore, type SealedStore } from './sealed-store';

const PROGRAM = resolve(__dirname, '../../server/export/evidence/verify.py');
const everything: EvidenceOrder = { from: null, to: null, sheets: [] };
const machine = { http: httpOverFetch(), now: Date.now };
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let sealed: SealedStore;
let anchorFolder: string;

beforeAll(async () => {
  sealed = await openSealedStore(buildStoreWorker());
  anchorFolder = join(sealed.folder, 'anchors');
  await sealed.append(20, '1');
  await sealed.append(7, '2');
  await sealed.seal();
  await anchor();
  await sealed.append(10, '1');
  await sealed.seal();
  changeSealKey(sealed.keysFolder);
  await sealed.seal();
  await sealed.append(5, '2');
  await sealed.seal();
  await sealed.append(2, '1');
});
afterAll(() => sealed.close());

async function anchor(): Promise<void> {
  const anchors = readAnchors({ ANCHOR_FOLDER: anchorFolder }, machine);
  await anchorWhatIsDue({ book: sealed.book, anchors, now: Date.now, log });
}

async function bundle(name: string, order = everything): Promise<string> {
  const place = join(sealed.folder, name);
  const { views } = await viewsOf(readAnchors({ ANCHOR_FOLDER: anchorFolder }, machine), sealed.keys);
  await writeEvidence(order, {
    book: new SealBook(sealed.driver),
    files: bundleFilesAt(place, Date.now()),
    inForce: (hashes) => sealed.store.inForce(hashes),
    views,
    keys: sealed.keys.trusted(),
    practice: false,
    verifier: readFileSync(PROGRAM, 'utf8'),
    now: Date.now,
  });
  return place;
}

function verify(
  place: string,
  ...more: readonly string[]
): { code: number | null; wrong: readonly string[]; told: string } {
  const { status, stdout, stderr } = spawnSync('python3', [PROGRAM, place, '--json', ...more], { encoding: 'utf8' });
  const parsed = stdout.startsWith('{') ? (JSON.parse(stdout) as { wrong: string[] }) : null;
  return { code: status, wrong: parsed?.wrong ?? [stdout], told: stdout + stderr };
}

describe('the evidence of a trail, checked by a program that shares nothing with ours', () => {
  it('has a verifier of at most 300 lines that needs the standard library alone', () => {
    const lines = readFileSync(PROGRAM, 'utf8').split('\n');
    expect(lines.length).toBeLessThanOrEqual(301);
    const imported = lines.filter((line) => /^(import|from) /.test(line)).join(', ');
    const modules = imported.replace(/import /g, '').split(', ');
    const standard = spawnSync('python3', ['-c', 'import sys; print("\\n".join(sys.stdlib_module_names))'], {
      encoding: 'utf8',
    });
    expect(modules.filter((name) => !standard.stdout.split('\n').includes(name))).toEqual([]);
  });

  it('knows the vectors of RFC 6962', () => {
    const program = `
import sys; sys.path.insert(0, ${JSON.stringify(resolve(PROGRAM, '..'))}); sys.dont_write_bytecode = True
import verify as v
entries = [bytes.fromhex(e) for e in ('', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f')]
leaves = [v.sha256(b'\\x00', e) for e in entries]
roots = [v.root_of(leaves[:n]).hex() for n in range(9)]
h = bytes.fromhex
proof = [h('bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b'), h('ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0'), h('d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7')]
steps = [h('0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a'), proof[1], proof[2]]
print(roots[0]); print(roots[1]); print(roots[7]); print(roots[8])
print(v.root_from_inclusion(leaves[5], 5, 8, proof).hex() == roots[8], v.root_from_inclusion(leaves[4], 5, 8, proof).hex() == roots[8])
print(v.consistent(6, h(roots[6]), 8, h(roots[8]), steps), v.consistent(5, h(roots[5]), 8, h(roots[8]), steps))
`;
    const { stdout, stderr } = spawnSync('python3', ['-c', program], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
      'True False',
      'True False',
    ]);
  });

  it('is accepted as a folder and as a zip, whole and in part, over a change of the key, by the first key', async () => {
    const [first] = sealed.keys.trusted();
    const key = ['--key', verifierText(first!)];
    expect(verify(await bundle('whole'), ...key)).toMatchObject({ code: 0, wrong: [] });
    expect(verify(await bundle('whole.zip'), ...key)).toMatchObject({ code: 0, wrong: [] });
    const part = await bundle('part', { ...everything, sheets: ['2'] });
    expect(verify(part, ...key)).toMatchObject({ code: 0, wrong: [] });
    expect(readFileSync(join(part, 'events.jsonl'), 'utf8').trim().split('\n')).toHaveLength(12);
    expect(readdirSync(part).sort()).toEqual(
      [
        'README.md',
        'about.json',
        'anchors.jsonl',
        'archived.jsonl',
        'checkpoints.jsonl',
        'events.jsonl',
        'in-force.jsonl',
        'keys.txt',
        'verify.py',
      ].sort(),
    );
  });

  it('agrees with a checkpoint that an auditor saved from a mail, with its marks and line ends', async () => {
    const place = await bundle('mailed');
    const file = readdirSync(anchorFolder).find((name) => name.endsWith('.checkpoint'))!;
    const note = readFileSync(join(anchorFolder, file), 'utf8').trimEnd();
    const saved = join(sealed.folder, 'checkpoint.txt');
    writeFileSync(saved, `Keep this mail.\r\n-----8<-----\r\n${note.replace(/\n/g, '\r\n')}\r\n-----8<-----\r\n`);
    expect(verify(place, '--anchor', saved)).toMatchObject({ code: 0, wrong: [] });
    writeFileSync(saved, note.replace('\n27\n', '\n26\n'));
    expect(verify(place, '--anchor', saved).wrong).toEqual([expect.stringMatching(/not signed by a key/)]);
  });

  type Line = Record<string, unknown>;
  const bend = (place: string, name: string, act: (lines: Line[]) => Line[]): void => {
    const path = join(place, name);
    const lines = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    writeFileSync(
      path,
      act(lines)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
  };
  const edit = (at: number, change: (line: Line) => Line) => (lines: Line[]) =>
    lines.map((line, place) => (place === at ? change(line) : line));
  const replaced = (field: string, from: string | RegExp, to: string) => (line: Line) => ({
    ...line,
    [field]: String(line[field]).replace(from, to),
  });

  it.each<[string, string, (lines: Line[]) => Line[], RegExp]>([
    [
      'a value was edited',
      'events.jsonl',
      edit(3, replaced('payload', '"4"', '"5"')),
      /^Event 4 of sheet:1 was altered: its values/,
    ],
    [
      'the text was edited',
      'events.jsonl',
      edit(3, replaced('preimage', 'LOW', 'HIGH')),
      /^Event 4 of sheet:1 was altered: its text/,
    ],
    [
      'an event was removed',
      'events.jsonl',
      (lines) => lines.filter((_, at) => at !== 3),
      /^Event 5 of sheet:1 follows event 3/,
    ],
    [
      'the last sealed event was removed',
      'events.jsonl',
      (lines) => lines.slice(0, -1),
      /^1 of 42 sealed events are missing/,
    ],
    ['an event was doubled', 'events.jsonl', (lines) => [lines[0]!, ...lines], /^Event 1 of sheet:1 follows event 1/],
    [
      'two events were swapped',
      'events.jsonl',
      (lines) => [lines[1]!, lines[0]!, ...lines.slice(2)],
      /^Event 1 of sheet:1 follows event 2/,
    ],
    [
      'a place in the tree was changed',
      'events.jsonl',
      edit(3, (line) => ({ ...line, leaf_index: 9 })),
      /^Event 4 of sheet:1 is not among/,
    ],
    [
      'a proof was bent',
      'events.jsonl',
      edit(3, (line) => ({ ...line, proof: (line['proof'] as string[]).toReversed() })),
      /^Event 4 of sheet:1 is not among/,
    ],
    [
      'a checkpoint was resized',
      'checkpoints.jsonl',
      edit(0, replaced('note', '\n27\n', '\n26\n')),
      /checkpoint of 26 events is not signed/,
    ],
    [
      'a proof between checkpoints was bent',
      'checkpoints.jsonl',
      edit(0, (line) => ({ ...line, proof: [] })),
      /is of another history/,
    ],
    [
      'the change of the key was left out',
      'checkpoints.jsonl',
      (lines) => lines.filter((line) => !String(line['note']).includes('next-key')),
      /is not signed by a key/,
    ],
    [
      'the newest checkpoints were cut off',
      'checkpoints.jsonl',
      (lines) => lines.slice(0, 1),
      /is not among the sealed events/,
    ],
    ['all checkpoints are gone', 'checkpoints.jsonl', () => [], /holds no checkpoint/],
  ])('is refused, with the place, when %s', async (_, file, act, expected) => {
    const place = join(sealed.folder, `bent-${Math.random().toString(36).slice(2)}`);
    mkdirSync(place);
    cpSync(await bundle(`${place.split('/').at(-1)}-good`), place, { recursive: true });
    const [first] = sealed.keys.trusted();
    bend(place, file, act);
    const { code, wrong } = verify(place, '--key', verifierText(first!));
    expect(code).toBe(1);
    expect(wrong.find((text) => expected.test(text)) ?? wrong).toEqual(expect.stringMatching(expected));
  });

  it('is refused when a text is no JSON, and says when openssl or the bundle is missing', async () => {
    const place = await bundle('broken');
    writeFileSync(join(place, 'events.jsonl'), '{"leaf_index": 0');
    expect(verify(place)).toMatchObject({ code: 1, told: expect.stringMatching(/not in its form/) as string });
    expect(verify(join(sealed.folder, 'nowhere')).code).toBe(3);
    const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
      encoding: 'utf8',
    }).stdout.trim();
    const alone = spawnSync(python, [PROGRAM, await bundle('alone')], {
      encoding: 'utf8',
      env: { PATH: '/nonexistent' },
    });
    expect([alone.status, alone.stderr]).toEqual([3, expect.stringMatching(/openssl cannot be run/)]);
    expect(verify(place, '--nonsense').code).toBe(2);
  });
});

// The last: it appends.
describe('what was in force', () => {
  it('holds the rules that its events name, under the hash that is sealed', async () => {
    const text = '{"severityHighAbove":"1000"}';
    const [hash = ''] = await sealed.store.keepInForce([
      { kind: 'rules', text },
      { kind: 'flow', text: '[]' },
    ]);
    await sealed.store.append([event('judged', { sheet_id: '3', rules_hash: hash })]);
    const place = await bundle('in-force', { ...everything, sheets: ['3'] });
    const lines = readFileSync(join(place, 'in-force.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ kind: 'rules', text, hash }]);
    expect(createHash('sha256').update(text).digest('hex')).toBe(hash);
    expect(readFileSync(join(place, 'events.jsonl'), 'utf8')).toContain(hash);
  });
});
