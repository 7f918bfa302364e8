import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNodeRed } from '../support/node-red';
import { until } from '../support/until';

/** What starts the Node-RED of the other tests: it must not say that one is up that is not, nor leave one behind. */
const folder = mkdtempSync(join(tmpdir(), 'starting-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Something that speaks like a Node-RED; it says its process id, so that the test can look after it. */
function pretend(name: string, code: string): { readonly nodeRed: string; pid(): number } {
  const nodeRed = mkdtempSync(join(folder, `${name}-`));
  const told = join(nodeRed, 'pid');
  const start = `require('node:fs').writeFileSync(${JSON.stringify(told)}, String(process.pid));\n`;
  writeFileSync(join(nodeRed, 'red.js'), start + code);
  return { nodeRed, pid: () => Number(existsSync(told) ? readFileSync(told, 'utf8') : 0) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('waits until it listens, although it says sooner that its flows have started', async () => {
  const { nodeRed } = pretend(
    'late',
    `const { uiPort } = require(process.argv[5]);
     console.log('Started flows');
     setTimeout(() => require('node:http').createServer((_, answer) => answer.end('here')).listen(uiPort, '127.0.0.1'), 500);`,
  );
  const red = await startNodeRed({ nodeRed, palette: null });
  expect(await (await fetch(red.address)).text()).toBe('here');
  await red.stop('SIGKILL');
});

it.each([
  ['never starts its flows', `console.log('Welcome'); setInterval(() => undefined, 1000);`, 'Node-RED to start'],
  ['never listens', `console.log('Started flows'); setInterval(() => undefined, 1000);`, 'Node-RED to listen'],
])('ends one that %s, and says what it said', async (_what, code, what) => {
  const { nodeRed, pid } = pretend('stuck', code);
  const userDir = mkdtempSync(join(folder, 'user-'));
  await expect(startNodeRed({ nodeRed, palette: null, userDir, startWithin: 3_000 })).rejects.toThrow(
    new RegExp(`${what}[^]*It said:\\n(Welcome|Started flows)`, 'u'),
  );
  expect(pid()).toBeGreaterThan(0);
  await until(() => !isAlive(pid()), 'the process to be gone');
});

it('says at once what one said that ended by itself', async () => {
  const { nodeRed } = pretend('broken', `console.log('No such module'); process.exit(4);`);
  await expect(startNodeRed({ nodeRed, palette: null })).rejects.toThrow(/ended with 4\.[^]*No such module/u);
});
