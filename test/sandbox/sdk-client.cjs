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
  const rest = await theRest(workspace.result.id, sheetId);
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
    rest,
    refused: { statusCode: refused.statusCode, errorCode: refused.errorCode },
  };
}

/** Containers, groups, shares, attachments, discussions, moved rows, event reports. */
async function theRest(workspaceId, sheetId) {
  const folder = await client.workspaces.createFolder({ workspaceId, body: { name: 'Inner' } });
  const folderId = folder.result.id;
  await client.folders.updateFolder({ folderId, body: { name: 'Archive' } });
  const other = await client.sheets.createSheetInFolder({
    folderId,
    body: { name: 'Old', columns: [{ title: 'Key', type: 'TEXT_NUMBER', primary: true }] },
  });
  const children = await client.workspaces.getWorkspaceChildren({ workspaceId });
  const inFolder = await client.folders.getFolderChildren({ folderId });
  const metadata = await client.workspaces.getWorkspaceMetadata({ workspaceId });
  const path = await client.folders.getFolderPath({ folderId });
  const workspaces = await client.workspaces.listWorkspaces();

  const group = await client.groups.createGroup({ body: { name: 'Clerks', members: [{ email: 'ann@example.com' }] } });
  const groupId = group.result.id;
  await client.groups.addGroupMembers({ groupId, body: [{ email: 'ben@example.com' }] });
  const { members } = await client.groups.getGroup({ groupId });
  await client.groups.removeGroupMember({ groupId, userId: members[0].id });
  const groups = await client.groups.listGroups();

  const asset = { assetType: 'sheet', assetId: sheetId };
  const shared = await client.sharing.shareAsset({
    queryParameters: asset,
    body: [{ groupId, accessLevel: 'VIEWER' }],
  });
  const shareId = shared.result[0].id;
  await client.sharing.updateAssetShare({ shareId, queryParameters: asset, body: { accessLevel: 'EDITOR' } });
  const share = await client.sharing.getAssetShare({ shareId, queryParameters: asset });
  const shares = await client.sharing.listAssetShares({ queryParameters: asset });
  await client.sharing.deleteAssetShare({ shareId, queryParameters: asset });

  const row = await client.sheets.addRow({ sheetId, body: [{ toBottom: true, cells: [] }] });
  const rowId = row.result[0].id;
  const link = { name: 'Map', url: 'https://example.com/map', attachmentType: 'LINK' };
  await client.sheets.addRowUrlAttachment({ sheetId, rowId, body: link });
  const file = await client.sheets.addFileAttachment({
    sheetId,
    fileName: 'sdk-client.cjs',
    path: process.argv[1],
    fileSize: 0,
  });
  const attachments = await client.sheets.listAttachments({ sheetId });
  await client.sheets.deleteAttachment({ sheetId, attachmentId: file.result.id });
  const talk = await client.sheets.createRowDiscussion({ sheetId, rowId, body: { comment: { text: 'Why?' } } });
  const discussionId = talk.result.id;
  const comment = await client.sheets.addDiscussionComment({ sheetId, discussionId, body: { text: 'So.' } });
  const talks = await client.sheets.getDiscussions({ sheetId, queryParameters: { include: 'comments' } });
  await client.sheets.deleteComment({ sheetId, commentId: comment.result.id });
  const moved = await client.sheets.moveRowToAnotherSheet({
    sheetId,
    body: { rowIds: [rowId], to: { sheetId: other.result.id } },
  });
  const events = await client.events.getEvents({
    queryParameters: { since: new Date(Date.now() - 3600000).toISOString(), maxCount: 5 },
  });
  await client.groups.deleteGroup({ groupId });
  await client.workspaces.deleteWorkspace({ workspaceId });
  const old = await client.request.get({ url: `sheets/${sheetId}/shares` }).catch((thrown) => thrown);
  return {
    children: children.data.map(({ name, resourceType }) => [name, resourceType]),
    inFolder: inFolder.data.map(({ name }) => name),
    metadata: metadata.name,
    path: path.folders.map(({ name }) => name),
    workspaces: workspaces.data.length,
    members: members.map(({ email }) => email),
    groups: groups.data.map(({ name }) => name),
    share: [share.accessLevel, share.type],
    shares: shares.items.map(({ accessLevel }) => accessLevel),
    attachments: attachments.data.map(({ name, attachmentType }) => [name, attachmentType]),
    comments: talks.data[0].comments.map(({ text }) => text),
    moved: moved.rowMappings.length,
    events: [events.data.length, events.moreAvailable, events.data[0].additionalDetails.emailAddress],
    sunset: [old.statusCode, old.errorCode],
  };
}

main().then(
  (answer) => process.stdout.write(JSON.stringify(answer)),
  (thrown) => {
    process.stderr.write(`${thrown?.stack ?? JSON.stringify(thrown)}\n`);
    process.exit(1);
  },
);
