import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { openZipped } from '../../lib/seal/zipped';
import { bundleFilesAt } from '../../server/export';
import { newFolder, removeFolder } from '../support/store';

const folder = newFolder();
afterAll(() => removeFolder(folder));

/** Where it is not on the machine, Python is asked alone. */
const HAS_UNZIP = spawnSync('unzip', ['-v']).status === 0;

/** Longer than what is compressed in one step, and of letters whose bytes are several. */
const LONG = Array.from({ length: 20_000 }, (_, line) => `${line} größer als vier Gibibyte\n`).join('');
const FILES: Readonly<Record<string, string>> = { 'a.txt': 'a line\n', 'events.jsonl': LONG, 'leer.txt': '' };

/** @param zip64From  from which number on: 0 = all; 20,000 = the size of the long one, and not what precedes it */
async function written(name: string, zip64From?: number): Promise<string> {
  const path = join(folder, name);
  const files = bundleFilesAt(path, Date.parse('2026-02-01T12:00:00Z'), zip64From);
  for (const [each, text] of Object.entries(FILES)) {
    const file = await files.file(each);
    for (let at = 0; at < text.length; at += 1000) await file.write(text.slice(at, at + 1000));
    await file.end();
  }
  await files.end();
  return path;
}

const FORMS: readonly (readonly [string, number | undefined])[] = [
  ['in the old form', undefined],
  ['in the form of ZIP64', 0],
  ['of which only a part is in the form of ZIP64', 20_000],
];

describe.each(FORMS)('a ZIP archive %s', (form, zip64From) => {
  let path: string;
  beforeAll(async () => {
    path = await written(`${String(zip64From)}.zip`, zip64From);
  });

  it('gives back what was written, byte for byte, to our own reader', async () => {
    const { names, stream } = await openZipped(path);
    expect(names).toEqual(Object.keys(FILES));
    for (const name of names) {
      const pieces: Buffer[] = [];
      for await (const piece of stream(name)) pieces.push(piece as Buffer);
      expect(Buffer.concat(pieces).equals(Buffer.from(FILES[name] ?? ''))).toBe(true);
    }
  });

  it('is whole to zipfile of Python, which compares the checksums, and to a reader of the kind that spreadsheets have', () => {
    const program = `import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as zip:
    assert zip.testzip() is None
    print(json.dumps({name: zip.read(name).decode() for name in zip.namelist()}))`;
    const { stdout, stderr } = spawnSync('python3', ['-c', program, path], { encoding: 'utf8', maxBuffer: 2 ** 26 });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(FILES);
    const read = Object.entries(unzipSync(readFileSync(path))).map(([name, bytes]) => [name, strFromU8(bytes)]);
    expect(Object.fromEntries(read)).toEqual(FILES);
  });

  if (HAS_UNZIP) {
    it('is whole to unzip', () => {
      const { status, stdout, stderr } = spawnSync('unzip', ['-t', path], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain('No errors detected');
    });
  }

  it(`${form === FORMS[0]?.[0] ? 'has nothing' : 'has something'} of ZIP64 in it`, () => {
    const locator = readFileSync(path).includes(Buffer.from([0x50, 0x4b, 0x06, 0x07]));
    expect(locator).toBe(zip64From !== undefined);
  });
});

describe('a ZIP archive that is none of ours', () => {
  const altered = async (name: string, alter: (bytes: Buffer) => void): Promise<string> => {
    const bytes = readFileSync(await written(`${name}.zip`, 0));
    alter(bytes);
    const path = join(folder, `${name}-altered.zip`);
    writeFileSync(path, bytes);
    return path;
  };

  it.each([
    ['whose list is said to be larger than memory', 40, 2n ** 40n, 'longer than any of ours'],
    ['whose list is said to be where no file goes', 48, 2n ** 63n, 'no file has'],
    ['whose list is said to be behind its end', 48, 2n ** 40n, 'not whole'],
  ])('%s is refused in words', async (name, place, value, said) => {
    const path = await altered(name, (bytes) => {
      bytes.writeBigUInt64LE(value, bytes.indexOf(Buffer.from([0x50, 0x4b, 0x06, 0x06])) + place);
    });
    await expect(openZipped(path)).rejects.toThrow(said);
  });

  it('whose other end is elsewhere is refused in words', async () => {
    const path = await altered('elsewhere', (bytes) => {
      bytes.writeBigUInt64LE(3n, bytes.indexOf(Buffer.from([0x50, 0x4b, 0x06, 0x07])) + 8);
    });
    await expect(openZipped(path)).rejects.toThrow('not where it is said to be');
  });
});
