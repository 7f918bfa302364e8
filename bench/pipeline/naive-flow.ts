import type { FlowNode } from '../../test/support/node-red';

/**
 * What somebody would build in an afternoon: the same steps as the product, as plain Node-RED function nodes with one
 * insert per event. Verify, answer, read the row, compare with the last values in flow context, judge, score, insert.
 * It is given what the product does not take: one read per callback without version checks, no history, no lease, no
 * chain, nothing on disk before the answer, and a database that is not synced.
 */
export function naiveFlow({ api, token }: { api: string; token: string }): FlowNode[] {
  const code = (id: string, text: string, next: string[][]): FlowNode => ({
    id,
    type: 'function',
    z: 'naive',
    name: id,
    func: text,
    outputs: next.length,
    timeout: 0,
    noerr: 0,
    initialize: '',
    finalize: '',
    libs: [],
    wires: next,
  });
  return [
    { id: 'naive', type: 'tab', label: 'Naive' },
    {
      id: 'in',
      type: 'http in',
      z: 'naive',
      url: '/naive',
      method: 'post',
      skipBodyParsing: true,
      wires: [['verify']],
    },
    code('verify', VERIFY, [['answer', 'read'], ['answer']]),
    { id: 'answer', type: 'http response', z: 'naive', statusCode: '', headers: {}, wires: [] },
    code(
      'read',
      `msg.url = '${api}sheets/' + msg.callback.scopeObjectId + '?include=writerInfo&rowIds=' + msg.rows;
msg.headers = { Authorization: 'Bearer ${token}' }; delete msg.payload; return msg;`,
      [['get']],
    ),
    { id: 'get', type: 'http request', z: 'naive', method: 'GET', ret: 'obj', url: '', wires: [['compare']] },
    code('compare', COMPARE, [['judge']]),
    code('judge', JUDGE, [['insert']]),
    code('insert', INSERT, []),
    { id: 'out', type: 'http in', z: 'naive', url: '/naive/recorded', method: 'get', wires: [['look']] },
    code('look', LOOK, [['answer']]),
  ];
}

const VERIFY = `
const raw = msg.payload, challenge = msg.req.get('Smartsheet-Hook-Challenge');
if (challenge) { msg.headers = { 'Smartsheet-Hook-Response': challenge }; msg.payload = ''; return [null, msg]; }
const crypto = global.get('crypto'), body = JSON.parse(raw.toString());
const secret = global.get('secrets')[body.webhookId];
const mac = crypto.createHmac('sha256', secret || '').update(raw).digest('hex');
if (mac !== msg.req.get('Smartsheet-Hmac-SHA256')) { msg.statusCode = 401; msg.payload = ''; return [null, msg]; }
msg.callback = body; msg.payload = '';
msg.rows = [...new Set(body.events.map((e) => e.rowId || e.id))].join(',');
return [msg, null];`;

const COMPARE = `
const out = [], titles = Object.fromEntries(msg.payload.columns.map((c) => [c.id, c.title]));
for (const row of msg.payload.rows) for (const cell of row.cells) {
  const key = row.id + ':' + cell.columnId, old = flow.get(key), now = cell.value;
  if (old === now) continue;
  flow.set(key, now);
  if (old === undefined && !global.get('watching')) continue;
  const values = Object.fromEntries(row.cells.map((c) => [titles[c.columnId], c.value]));
  out.push({ payload: { sheet: msg.payload.id, row: row.id, column: titles[cell.columnId], old, now, values,
    by: row.modifiedBy && row.modifiedBy.email, at: row.modifiedAt } });
}
return [out];`;

const JUDGE = `
const e = msg.payload, logged = new Date(e.values['Weekly Referenced Logged Date'] + 'T00:00:00Z');
const sunday = new Date(logged.getTime() + ((7 - logged.getUTCDay()) % 7) * 864e5);
e.weekEnding = sunday.toISOString().slice(0, 10);
e.historical = new Date(e.at) >= new Date(sunday.getTime() + 864e5);
e.delta = Number(e.now) - Number(e.old || 0);
e.severity = e.historical && Math.abs(e.delta) > 1000 ? 'HIGH' : e.historical && Math.abs(e.delta) > 100 ? 'MEDIUM' : 'LOW';
const hour = new Date(e.at).getUTCHours(), day = new Date(e.at).getUTCDay();
e.risk = Math.min(100, (hour < 8 || hour >= 18 ? 30 : 0) + (day % 6 === 0 ? 20 : 0) + (e.historical ? 40 : 0)
  + (Math.abs(e.delta) > 1000 ? 30 : 0)) / 100;
return msg;`;

const INSERT = `
global.get('database').query('insert into audit (sheet, row_id, col, old, now, by_whom, at, body) values ($1,$2,$3,$4,$5,$6,$7,$8)',
  [String(msg.payload.sheet), String(msg.payload.row), msg.payload.column, String(msg.payload.old), String(msg.payload.now),
   msg.payload.by, msg.payload.at, JSON.stringify(msg.payload)]).then(() => node.done(), (e) => node.error(e, msg));`;

const LOOK = `
global.get('database').query("select now, extract(epoch from recorded_at) * 1000 as at from audit").then(({ rows }) => {
  msg.payload = rows.map((r) => ({ value: r.now, at: Number(r.at) })); node.send(msg); });`;

/** Settings of the naive Node-RED: an in-process database, the secrets of its webhooks. */
export function naiveSettings(root: string, folder: string): string {
  const pglite = JSON.stringify(`${root}/node_modules/@electric-sql/pglite`);
  return `{ functionGlobalContext: (() => {
    const { PGlite } = require(${pglite});
    const database = new PGlite(${JSON.stringify(folder)});
    database.exec('create table audit (id bigint generated always as identity primary key, recorded_at timestamptz not null default clock_timestamp(), sheet text, row_id text, col text, old text, now text, by_whom text, at timestamptz, body jsonb)');
    return { crypto: require('crypto'), database, secrets: {}, watching: true };
  })() }`;
}
