import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { newFolder, removeFolder } from '../support/store';
import { runCli } from './cli';

const CLI = resolve(__dirname, '../../dist/billing-audit/cli.js');
const folder = newFolder();
afterAll(() => removeFolder(folder));

describe('a command whose reader has seen enough', () => {
  it('comes to its end as it would have, and tells nobody of it', async () => {
    const words = ['doctor', '--home', folder];
    const wanted = runCli(words, folder).status;
    const { PATH } = process.env;
    const child = spawn(process.execPath, [CLI, ...words], { cwd: folder, env: { PATH }, stdio: 'pipe' });
    let complaints = '';
    child.stderr.on('data', (chunk) => void (complaints += String(chunk)));
    child.stdout.destroy();
    const [status] = (await once(child, 'close')) as [number | null];
    expect([status, complaints]).toEqual([wanted, '']);
  });
});
