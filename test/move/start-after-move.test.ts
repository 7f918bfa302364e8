import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { markMoved } from '../../lib/runtime/moved-home';
import { runCli } from '../server/cli';
import { newFolder, removeFolder } from '../support/store';

const folder = newFolder();
afterAll(() => removeFolder(folder));

it('refuses to start on a store that was moved away, before anything listens, and says where it went', () => {
  const store = join(folder, 'home', 'store');
  mkdirSync(store, { recursive: true });
  markMoved({ store }, { to: 'audit@db.example.com:5432/audit', at: '2026-01-05T09:00:00.000Z' });
  const { status, stdout, stderr } = runCli(['start', '--home', join(folder, 'home'), '--port', '0'], folder, {
    SMARTSHEET_ACCESS_TOKEN: 'some-token',
  });
  expect([status, stdout]).toEqual([3, '']);
  expect(stderr).toMatch(/was moved to audit@db.example.com:5432\/audit on 2026-01-05.*\nSet DATABASE_URL/s);
});
