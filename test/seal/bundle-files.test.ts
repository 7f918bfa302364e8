import fs from 'node:fs';
import { join } from 'node:path';
import { createDeflateRaw, type DeflateRaw } from 'node:zlib';
import { bundleFilesAt } from '../../server/export';
import { ZipStream } from '../../server/export/zip';
import { newFolder, removeFolder } from '../support/store';

describe('the file of a bundle', () => {
  const folder = newFolder();
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => removeFolder(folder));

  async function fill(path: string): Promise<ReturnType<typeof bundleFilesAt>> {
    const files = bundleFilesAt(path, Date.now());
    const file = await files.file('a.txt');
    await file.write('a line\n');
    await file.end();
    return files;
  }

  it('is on the disk before it has its name, and its name is before anybody is told', async () => {
    const steps: string[] = [];
    const { fsyncSync, renameSync, fstatSync } = fs;
    jest.spyOn(fs, 'fsyncSync').mockImplementation((descriptor) => {
      steps.push(fstatSync(descriptor).isDirectory() ? 'folder on disk' : 'file on disk');
      fsyncSync(descriptor);
    });
    jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      steps.push('named');
      renameSync(from, to);
    });
    await (await fill(join(folder, 'whole.zip'))).end();
    const named = ['file on disk', 'named'];
    expect(steps).toEqual(process.platform === 'win32' ? named : [...named, 'folder on disk']);
    expect(fs.readdirSync(folder)).toEqual(['whole.zip']);
  });

  it('can be given up after its end failed, and leaves nothing', async () => {
    const place = join(folder, 'taken.zip');
    const files = await fill(place);
    // What has the name by now cannot be replaced.
    fs.mkdirSync(join(place, 'inside'), { recursive: true });
    await expect(files.end()).rejects.toThrow();
    expect(() => files.abandon()).not.toThrow();
    expect(fs.existsSync(`${place}.part`)).toBe(false);
    expect(fs.existsSync(join(place, 'inside'))).toBe(true);
  });

  /** Gives every compressor that is made from here on: each is listened to. */
  function compressors(): () => readonly DeflateRaw[] {
    const spare = createDeflateRaw();
    const spy = jest.spyOn(Object.getPrototypeOf(spare) as DeflateRaw, 'on');
    spare.destroy();
    return () => [...new Set(spy.mock.contexts as DeflateRaw[])].filter((each) => each !== spare);
  }

  const full = new Error('ENOSPC: no space left on device');
  // So much that a portion is compressed, and given on, before the file ends.
  const portion = Array.from({ length: 20_000 }, (_, line) => `${line} is a line\n`).join('');

  it.each([
    ['before its first byte', 0],
    ['amid it', 1],
  ])('closes its compressor when the disk is full %s, and goes on failing', async (_, pieces) => {
    const made = compressors();
    let given = 0;
    const zip = new ZipStream(() => (given++ < pieces ? Promise.resolve() : Promise.reject(full)), Date.now());
    const file = zip.file('a.txt');
    await expect(file.write(portion)).rejects.toBe(full);
    expect(made().map(({ destroyed }) => destroyed)).toEqual([true]);
    await expect(file.end()).rejects.toThrow();
  });

  it('closes its compressors when it is whole, written anew, or given up amid a file', async () => {
    const made = compressors();
    const files = await fill(join(folder, 'given-up.zip'));
    expect(made().map(({ destroyed }) => destroyed)).toEqual([true]);
    await (await files.file('b.txt')).write('a line\n');
    files.again();
    await (await files.file('c.txt')).write('a line\n');
    files.abandon();
    expect(made().map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
  });

  it('tells of an error of its compressor between two writes with the next one, and does not end the program', async () => {
    const made = compressors();
    const file = new ZipStream(() => Promise.resolve(), Date.now()).file('a.txt');
    await file.write(portion);
    const broken = new Error('the compressor broke');
    made()[0]?.destroy(broken);
    await new Promise((resolve) => made()[0]?.once('close', resolve));
    await expect(file.write(portion)).rejects.toBe(broken);
  });
});
