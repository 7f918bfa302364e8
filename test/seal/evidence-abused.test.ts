import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { verifierText } from '../../lib/seal';
import { bundleFilesAt, writeEvidence, type EvidenceOrder } from '../../server/export';
import { event } from '../store/examples';
import { buildStoreWorker } from '../support/store';
import { openSealedStore, type SealedStore } from './sealed-store';

const PROGRAM = resolve(__dirname, '../../server/export/evidence/verify.py');
const RULES = '{"severityHighAbove":"1000"}';
const EVERYTHING: EvidenceOrder = { from: null, to: null, sheets: [] };

let sealed: SealedStore;
let good: string;
let made = 0;

/** A trail in which Ana's two events were erased, with the rules that one event names. */
beforeAll(async () => {
  sealed = await openSealedStore(buildStoreWorker());
  const [hash = ''] = await sealed.store.keepInForce([{ kind: 'rules', text: RULES }]);
  const plain = Array.from({ length: 5 }, (_, at) => event(`plain:${at}`, { sheet_id: '1', rules_hash: null }));
  await sealed.store.append(plain);
  const ana = { sheet_id: '1', changed_by: 'ana@example.com', rules_hash: null };
  await sealed.store.append([
    event('a:1', ana),
    event('a:2', ana),
    event('judged', { sheet_id: '2', rules_hash: hash }),
  ]);
  const erasure = { person: 'ana@example.com', by: 'Kim', role: 'admin', reason: 'She asked for it.', dry_run: false };
  await sealed.driver.rpc('billing_audit_erase', erasure);
  await sealed.seal();
  good = await bundle(join(sealed.folder, 'good'));
});
afterAll(() => sealed.close());

async function bundle(place: string, order = EVERYTHING): Promise<string> {
  await writeEvidence(order, {
    book: sealed.book,
    files: bundleFilesAt(place, Date.now()),
    inForce: (hashes) => sealed.store.inForce(hashes),
    views: [],
    keys: sealed.keys.trusted(),
    practice: false,
    verifier: readFileSync(PROGRAM, 'utf8'),
    now: Date.now,
  });
  return place;
}

/** A copy of the bundle, to be spoilt. */
function copy(of = good): string {
  const place = join(sealed.folder, `copy-${(made += 1)}`);
  cpSync(of, place, { recursive: true });
  return place;
}

interface Verdict {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly wrong: readonly string[];
  readonly notes: readonly string[];
}

function verify(place: string, ...more: readonly string[]): Verdict {
  return verifyEach([place], ...more)[0]!;
}

/** One Python for many bundles; what the program throws, a run by itself would show as a traceback. */
const EACH = `
import contextlib, io, json, sys
sys.path.insert(0, ${JSON.stringify(resolve(PROGRAM, '..'))}); sys.dont_write_bytecode = True
import verify
places, more = json.loads(sys.argv[1])
for place in places:
    out, wrong = io.StringIO(), io.StringIO()
    sys.argv = ["verify.py", place, "--json", *more]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(wrong):
        try: code = verify.main()
        except SystemExit as end: code = end.code
        except BaseException as failure: code, _ = None, wrong.write("raised: %r" % failure)
    print(json.dumps({"code": code, "stdout": out.getvalue(), "stderr": wrong.getvalue()}))`;

function verifyEach(places: readonly string[], ...more: readonly string[]): readonly Verdict[] {
  const { stdout } = spawnSync('python3', ['-c', EACH, JSON.stringify([places, more])], { encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  return lines.map((line) => {
    const verdict = JSON.parse(line) as Verdict;
    const told = verdict.stdout === '' ? {} : (JSON.parse(verdict.stdout) as Partial<Verdict>);
    return { ...verdict, wrong: told.wrong ?? [], notes: told.notes ?? [] };
  });
}

type Line = Record<string, unknown>;

/** Spoils one file of a copy, line by line; null leaves a line out. */
function spoilt(name: string, act: (line: Line) => Line | null, of = good): string {
  const place = copy(of);
  const path = join(place, name);
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  const kept = lines.map((line) => act(JSON.parse(line) as Line)).filter((line) => line !== null);
  writeFileSync(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return place;
}

const FILES = [
  'about.json',
  'anchors.jsonl',
  'archived.jsonl',
  'checkpoints.jsonl',
  'events.jsonl',
  'in-force.jsonl',
  'keys.txt',
] as const;

describe('a bundle that somebody spoilt, before the verifier of an outsider', () => {
  it('accepts the bundle as it was made, with its erased values', () => {
    expect(verify(good)).toMatchObject({
      code: 0,
      wrong: [],
      notes: [],
      stdout: expect.stringMatching(/"erased": 2/) as string,
    });
  });

  it('refuses rules that were altered, and tells of those that were left out', () => {
    const bent = spoilt('in-force.jsonl', (line) => ({ ...line, text: String(line['text']).replace('1000', '9000') }));
    expect(verify(bent)).toMatchObject({
      code: 1,
      wrong: [expect.stringMatching(/^The text of the rules [0-9a-f]{64} in in-force.jsonl was altered/)],
    });
    const left = spoilt('in-force.jsonl', () => null);
    expect(verify(left)).toMatchObject({ code: 0, notes: [expect.stringMatching(/^The texts of 1 rules/)] });
  });

  it('refuses values that were taken out and called erased: the trail says how many erasures took', () => {
    const blanked = spoilt('events.jsonl', (line) =>
      line['event_key'] === 'judged' ? { ...line, payload: null } : line,
    );
    expect(verify(blanked)).toMatchObject({
      code: 1,
      wrong: ['The values of 3 events are gone, and erasures took those of 2.'],
    });
  });

  it('says that a part is a part, and that of its erased values only the whole can tell', async () => {
    const part = await bundle(join(sealed.folder, 'part'), { ...EVERYTHING, sheets: ['1'] });
    expect(verify(part)).toMatchObject({
      code: 0,
      notes: [
        expect.stringMatching(/^By its own account a part of the trail/),
        expect.stringMatching(/^The values of 2/),
      ],
    });
    const cut = copy(part);
    const path = join(cut, 'events.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(0, 4).join('\n'));
    expect(verify(cut)).toMatchObject({ code: 1, wrong: ['The bundle says that it holds 7 events, and holds 4.'] });
  });

  it('refuses what was written beside the text that was hashed', () => {
    const more = spoilt('events.jsonl', (line) =>
      line['event_key'] === 'judged' ? { ...line, changed_by: 'somebody@example.com' } : line,
    );
    expect(verify(more)).toMatchObject({
      code: 1,
      wrong: ["Event 1 of sheet:2 has fields that nothing vouches for, or lacks some: ['changed_by']."],
    });
  });

  it('says which events are not sealed and since when, and does not say that all holds', async () => {
    await sealed.store.append([event('young', { sheet_id: '3', rules_hash: null })]);
    const young = await bundle(join(sealed.folder, 'young'));
    expect(verify(young)).toMatchObject({
      code: 0,
      notes: [expect.stringMatching(/^1 events are not sealed, the oldest of 20/)],
    });
    const { stdout } = spawnSync('python3', [PROGRAM, young], { encoding: 'utf8' });
    expect(stdout).toMatch(/\nAll that is sealed holds\.\n$/);
  });

  it.each(FILES)('names %s when it is missing, from a folder', (name) => {
    const place = copy();
    rmSync(join(place, name));
    expect(verify(place)).toMatchObject({ code: 1, wrong: [`${name} is missing`], stderr: '' });
  });

  it('names a missing file in a .zip alike', () => {
    const zip = join(sealed.folder, 'empty.zip');
    const program = `import zipfile; zipfile.ZipFile(${JSON.stringify(zip)}, "w").close()`;
    expect(spawnSync('python3', ['-c', program]).status).toBe(0);
    expect(verify(zip)).toMatchObject({ code: 1, wrong: ['keys.txt is missing'], stderr: '' });
  });

  const GARBAGE: readonly (readonly [string, string | Buffer])[] = [
    ['nothing', ''],
    ['words', 'this is no evidence\n'],
    ['bytes', Buffer.from(Array.from({ length: 256 }, (_, at) => at))],
    ['null', 'null\n'],
    ['a list', '[]\n'],
    ['a number', '7\n'],
    ['a text', '"x"\n'],
    ['an object of nothing', '{}\n'],
    ['brackets without end', `${'['.repeat(100_000)}\n`],
  ];
  it.each(GARBAGE)('says where, and never breaks down, when a file holds %s', (_, content) => {
    const places = FILES.map((name) => {
      const place = copy();
      writeFileSync(join(place, name), content);
      return place;
    });
    const mayBeEmpty = (name: string): boolean => content.length === 0 && /^(anchors|archived|in-force)/.test(name);
    const told = verifyEach(places).map(({ code, stderr }, at) => [FILES[at], code, stderr]);
    expect(told).toEqual(FILES.map((name) => [name, mayBeEmpty(name) ? 0 : 1, '']));
    if (content.length === 0) return;
    verifyEach(places).forEach(({ wrong }, at) => expect(wrong.join()).toContain(FILES[at]));
  });

  it('says where a file was cut off, and that a .zip was', () => {
    const place = copy();
    const path = join(place, 'events.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -700));
    expect(verify(place).wrong).toEqual([expect.stringMatching(/^events.jsonl, line \d+ is not in its form/)]);
    const zip = join(sealed.folder, 'cut.zip');
    writeFileSync(zip, 'PK, and no more');
    expect(verify(zip)).toMatchObject({ code: 3, stderr: expect.stringMatching(/cannot be read as a .zip/) as string });
  });

  it.each([
    [
      'an event',
      'events.jsonl',
      ['leaf_index', 'stream', 'seq', 'event_key', 'previous_hash', 'preimage', 'hash', 'salt', 'proof'],
    ],
    ['a checkpoint', 'checkpoints.jsonl', ['note', 'proof']],
    ['a text in force', 'in-force.jsonl', ['text', 'hash']],
  ] as const)('refuses %s with a field of a wrong kind', (_, file, fields) => {
    const bent = fields.flatMap((field) => [null, 'x', -1, 1e30, 1.5, true, ['zz']].map((value) => ({ field, value })));
    const places = bent.map(({ field, value }) => spoilt(file, (line) => ({ ...line, [field]: value })));
    const told = verifyEach(places).map(({ code, stderr }, at) => ({ ...bent[at], code, stderr }));
    expect(told).toEqual(bent.map((each) => ({ ...each, code: 1, stderr: '' })));
  });

  it('does not take an empty or broken key for none given, and knows another key from ours', () => {
    for (const key of ['', 'garbage', 'a+b', 'a+b+c']) {
      expect(verify(good, '--key', key)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/is no public key/) as string,
      });
    }
    const [ours] = sealed.keys.trusted();
    expect(verify(good, '--key', verifierText(ours!))).toMatchObject({ code: 0 });
    const program = `
import base64, hashlib
name, raw = ${JSON.stringify(ours!.name)}, b"\\x01" + bytes(range(32))
print("%s+%s+%s" % (name, hashlib.sha256(name.encode() + b"\\n" + raw).hexdigest()[:8], base64.b64encode(raw).decode()))`;
    const other = spawnSync('python3', ['-c', program], { encoding: 'utf8' }).stdout.trim();
    expect(verify(good, '--key', other).wrong[0]).toMatch(/is not signed by a key that is trusted/);
  });

  it('names a kept checkpoint that is none, whatever it holds', () => {
    const file = join(sealed.folder, 'bytes.txt');
    writeFileSync(file, Buffer.from([0xd0, 0xff, 0, 1]));
    const { code, wrong } = verify(good, '--anchor', file);
    expect([code, wrong]).toEqual([1, [expect.stringContaining(`${file} holds no checkpoint`)]]);
  });
});
