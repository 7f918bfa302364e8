import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeBackupNote } from '../../lib/runtime/backup-note';
import type { Line } from '../../server/doctor';
import { newFolder, removeFolder } from '../support/store';
import { runCli } from './cli';

const folder = newFolder();
const home = join(folder, '.billing-audit');
afterAll(() => removeFolder(folder));

/** Nobody answers there: what is asked about is not Smartsheet. */
const real = { SMARTSHEET_ACCESS_TOKEN: 'x', SMARTSHEET_API_BASE: 'http://127.0.0.1:9/2.0/' };
const copies = { BACKUP_DIR: join(folder, 'copies') };

function backupLine(env: Readonly<Record<string, string>>): Line | undefined {
  const { stdout } = runCli(['doctor', '--json'], folder, { ...real, ...env });
  return (JSON.parse(stdout) as { lines: Line[] }).lines.find(({ name }) => name === 'backup');
}

function copied(hoursAgo: number): string {
  const at = new Date(Date.now() - hoursAgo * 3_600_000).toISOString();
  const done = { good_at: at, copy: 'a', events: 12, tried_at: at, why: null, since: at };
  writeBackupNote(home, { folder: copies.BACKUP_DIR, ...done });
  return at;
}

describe('doctor, of the copies of store and keys', () => {
  it('says whether they are made', () => {
    expect(backupLine({})).toMatchObject({ state: 'off', text: 'No copies are made.' });
    expect(backupLine(copies)).toMatchObject({ state: 'off', text: 'There is no good copy yet.' });
    expect(backupLine({ BACKUP_DIR: 'copies' })).toMatchObject({
      state: 'wrong',
      text: expect.stringContaining('BACKUP_DIR') as string,
    });
  });

  it('says when the last good one was made, and that it is too old', () => {
    mkdirSync(home, { recursive: true });
    const lately = copied(20);
    expect(backupLine(copies)).toEqual({
      name: 'backup',
      state: 'ok',
      text: `Last good copy ${lately}, opened again and verified, 12 events.`,
      todo: null,
    });
    const long = copied(48);
    expect(backupLine(copies)).toMatchObject({
      state: 'wrong',
      text: `Last good copy ${long}, opened again and verified, 12 events, which is too long ago.`,
    });
  });
});
