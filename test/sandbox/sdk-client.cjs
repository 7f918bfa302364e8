/** Uses the official SDK, unchanged, against a sandbox: node sdk-client.cjs <path of the SDK> <API base> <callback URL>. */
const [sdk, baseUrl, callbackUrl] = process.argv.slice(2);
const client = require(sdk).createClient({ accessToken: 'practice-token', baseUrl, logLevel: 'error' });

async function main() {
  const columns = [
    { title: 'Key', type: 'TEXT_NUMBER', primary: true },
    { title: 'Day', type: 'DATE' },
  ];
  const workspace = await client.workspaces.createWorkspace({ body: { name: 'Billing' } });
  const made = await client.sheets.createSheetInWorkspace({
    workspaceId: workspace.result.id,
    body: { name: 'Audit', columns },
  });
  const sheetId = made.result.id;
  const [key, day] = made.result.columns.map(({ id }) => id);
  const cells = [
    { columnId: key, value: 5 },
    { columnId: day, value: '2011-01-04' },
  ];
  const hook = await client.webhooks.createWebhook({
    body: { name: 'sdk', callbackUrl, scope: 'sheet', scopeObjectId: sheetId, events: ['*.*'], version: 1 },
  });
  const enabled = await client.webhooks.updateWebhook({ webhookId: hook.result.id, body: { enabled: true } });
  const added = await client.sheets.addRows({ sheetId, body: [{ toBottom: true, cells }] });
  const rowId = added.result[0].id;
  await client.sheets.updateRow({ sheetId, body: [{ id: rowId, cells: [{ columnId: key, value: 7 }] }] });
  const history = await client.sheets.getCellHistory({ sheetId, rowId, columnId: key });
  const sheet = await client.sheets.getSheet({ id: sheetId, queryParameters: { include: 'writerInfo' } });
  const version = await client.sheets.getSheetVersion({ sheetId });
  const hooks = await client.webhooks.listWebhooks();
  const secret = await client.webhooks.resetSharedSecret({ webhookId: hook.result.id });
  const me = await client.users.getCurrentUser();
  const users = await client.users.listAllUsers({ queryParameters: { email: 'counter@example.com' } });
  const sheets = await client.sheets.listSheets();
  const deleted = await client.sheets.deleteRows({ sheetId, queryParameters: { ids: rowId } });
  await client.webhooks.deleteWebhook({ webhookId: hook.result.id });
  const refused = await client.sheets.getSheet({ id: 5 }).catch((thrown) => thrown);
  return {
    status: enabled.result.status,
    history: history.data.map(({ value }) => value),
    values: sheet.rows[0].cells.map(({ value }) => value),
    writer: sheet.rows[0].modifiedBy.email,
    version: version.version,
    hooks: hooks.data.length,
    newSecret: secret.result.sharedSecret !== hook.result.sharedSecret,
    me: me.email,
    users: users.data.map(({ email }) => email),
    sheets: sheets.data.map(({ name }) => name),
    deleted: deleted.result[0] === rowId,
    refused: { statusCode: refused.statusCode, errorCode: refused.errorCode },
  };
}

main().then(
  (answer) => process.stdout.write(JSON.stringify(answer)),
  (thrown) => {
    process.stderr.write(`${thrown?.stack ?? JSON.stringify(thrown)}\n`);
    process.exit(1);
  },
);
