import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Http, HttpRequest } from '../../lib/ports';
import { createClient, NO_LIMITER, OUR_CHANGE_AGENT, type SmartsheetClient } from '../../lib/smartsheet';

/** Every call of the client. One that is added without a line here does not compile, and none of them writes unmarked. */
const CALLS: { readonly [Name in keyof SmartsheetClient]: (client: SmartsheetClient) => Promise<unknown> } = {
  me: (client) => client.me(),
  user: (client) => client.user('3'),
  events: (client) => client.events({ since: '2026-01-01T00:00:00.000Z' }, 10),
  listSheets: (client) => client.listSheets(),
  sheetsInWorkspace: (client) => client.sheetsInWorkspace('4'),
  listColumns: (client) => client.listColumns('5'),
  sheetVersion: (client) => client.sheetVersion('5'),
  wholeSheet: (client) => client.wholeSheet('5'),
  sheetRows: (client) => client.sheetRows('5', ['6']),
  sheetFacts: (client) => client.sheetFacts('5'),
  rowsModifiedSince: (client) => client.rowsModifiedSince('5', '2026-01-01T00:00:00.000Z'),
  rowIds: (client) => client.rowIds('5', '7'),
  cellHistory: (client) => client.cellHistory('5', '6', '7'),
  hanging: (client) => client.hanging('5', 'comment', '8'),
  createSheet: (client) => client.createSheet({ name: 'n', columns: [], workspaceId: null }),
  listAttachments: (client) => client.listAttachments('5'),
  listDiscussions: (client) => client.listDiscussions('5'),
  addRows: (client) => client.addRows('5', [{ '7': 'a' }]),
  webhooks: (client) => client.webhooks(1, 100),
  createWebhook: (client) => client.createWebhook({ name: 'n', sheetId: '5', callbackUrl: 'https://a' }),
  webhook: (client) => client.webhook('9'),
  enableWebhook: (client) => client.enableWebhook('9'),
  deleteWebhook: (client) => client.deleteWebhook('9'),
};
const WRITES = ['createSheet', 'addRows', 'createWebhook', 'enableWebhook', 'deleteWebhook'];

it.each(Object.entries(CALLS))('marks %s as our own if it writes, and only then', async (name, call) => {
  const asked: HttpRequest[] = [];
  const http: Http = async (request) => {
    asked.push(request);
    return { status: 200, headers: {}, body: '{}' };
  };
  const still = { limiter: NO_LIMITER, now: () => 0, sleep: async () => undefined, random: () => 0 };
  const client = createClient({ http, token: 't', base: 'https://api.example.com/2.0/', ...still });
  await call(client).catch(() => undefined);
  expect(asked.length).toBeGreaterThan(0);
  const agents = new Set(asked.map(({ headers }) => headers?.['smartsheet-change-agent']));
  expect(agents).toEqual(new Set([WRITES.includes(name) ? OUR_CHANGE_AGENT : undefined]));
  expect(asked.some(({ method }) => method !== 'GET')).toBe(WRITES.includes(name));
});

it('has no way to Smartsheet beside it: whoever writes does so through a call that is marked', () => {
  const ROOT = resolve(__dirname, '../..');
  const files = ['lib', 'nodes', 'hosts', 'server', 'credentials'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
      .map((file) => `${folder}/${file}`),
  );
  const own = files.filter((file) => /\bBearer \$\{/u.test(readFileSync(join(ROOT, file), 'utf8')));
  // The token is put on a request in one place only, which marks it; the others are the store's key and mail.
  expect(own.filter((file) => file.startsWith('lib/smartsheet/'))).toEqual(['lib/smartsheet/exchange.ts']);
  const askers = files.filter((file) => /from '.*\/exchange'/u.test(readFileSync(join(ROOT, file), 'utf8')));
  expect(askers.filter((file) => !file.startsWith('lib/smartsheet/'))).toEqual([]);
  const talkers = files.filter((file) =>
    /require\(['"]smartsheet['"]\)|from 'smartsheet'/u.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(talkers).toEqual([]);
});
