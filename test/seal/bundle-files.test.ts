import fs from 'node:fs';
import { join } from 'node:path';
import { bundleFilesAt } from '../../server/export';
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
});
