import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { startReceiver } from '../support/receiver';
import { startSandboxProcess } from '../support/sandbox';

const run = promisify(execFile);

it('serves the official smartsheet SDK unchanged', async () => {
  const sdk = createRequire(resolve(__dirname, '../hosts/package.json')).resolve('smartsheet');
  const sandbox = await startSandboxProcess('--event-reporting');
  const receiver = await startReceiver();
  const client = resolve(__dirname, 'sdk-client.cjs');
  const { stdout } = await run(process.execPath, [client, sdk, `${sandbox.url}/2.0/`, receiver.url]);
  expect(JSON.parse(stdout)).toEqual({
    status: 'ENABLED',
    history: [7, 5],
    values: [7, '2011-01-04'],
    writer: 'billing-audit@example.com',
    version: 3,
    hooks: 1,
    newSecret: true,
    me: 'billing-audit@example.com',
    users: ['counter@example.com'],
    sheets: ['Audit'],
    deleted: true,
    rest: {
      children: [
        ['Archive', 'folder'],
        ['Audit', 'sheet'],
      ],
      inFolder: ['Old'],
      metadata: 'Billing',
      path: ['Archive'],
      workspaces: 1,
      members: ['ann@example.com', 'ben@example.com'],
      groups: ['Clerks'],
      share: ['EDITOR', 'GROUP'],
      shares: ['OWNER', 'EDITOR'],
      attachments: [
        ['Map', 'LINK'],
        ['sdk-client.cjs', 'FILE'],
      ],
      comments: ['Why?', 'So.'],
      moved: 1,
      events: [5, true, 'billing-audit@example.com'],
      sunset: [410, 4005],
    },
    refused: { statusCode: 404, errorCode: 1006 },
  });
  await sandbox.stop();
  await receiver.close();
});
