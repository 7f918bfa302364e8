import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore } from '../../lib/store';
import { event } from '../alert/samples';
import { buildShippedPalette } from '../support/build-palette';
import { startNodeRed, type FlowNode, type RunningNodeRed } from '../support/node-red';
import { buildStoreWorker, migrations } from '../support/store';
import { until } from '../support/until';

/** A real Node-RED with a real store: which flow an event was recorded by. */
const LONG = 90_000;

/** Posts to /record are appended to the trail. */
function flow(label: string): readonly FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  return [
    { id: 'tab', type: 'tab', label, env: [{ name: 'API_TOKEN', type: 'str', value: 'hush-hush' }] },
    { id: 'in', type: 'http in', ...place, url: '/record', method: 'post', wires: [['trail']] },
    { id: 'trail', type: 'billing-audit-audit-trail', ...place, operation: 'append', wires: [['out']] },
    { id: 'out', type: 'http response', ...place, wires: [] },
    {
      id: 'code',
      type: 'function',
      ...place,
      func: `const key = 'typed-where-it-does-not-belong';`,
      outputs: 1,
      wires: [],
    },
  ];
}

interface Recorded {
  readonly event_key: string;
  readonly flow_version: string | null;
  readonly kind: string | null;
  readonly body: string | null;
}

it('each event bears the hash of the deployed flow, whose text is kept without secrets', async () => {
  const userDir = mkdtempSync(join(tmpdir(), 'flow-version-'));
  const red: RunningNodeRed = await startNodeRed({
    palette: buildShippedPalette('flow-version'),
    userDir,
    storeIsLaid: true,
    flows: flow('First'),
  });
  const compared = (): number => red.logs().split('was compared with').length - 1;
  const record = async (event_key: string): Promise<void> => {
    const body = JSON.stringify(event({ event_key }));
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${red.address}/record`, { method: 'POST', headers, body })).status).toBe(200);
  };
  try {
    await until(() => compared() === 1, 'the first comparison', LONG);
    await record('one');
    await red.deploy(flow('Second'));
    await until(() => compared() === 2, 'the second comparison', LONG);
    await record('two');
    await record('three');
  } finally {
    await red.stop();
  }
  const driver = await openEmbeddedStore({
    directory: join(userDir, 'home', 'store', 'embedded'),
    workerPath: buildStoreWorker(),
    migrations,
  });
  const recorded = (await driver.transaction([
    {
      sql: `select e.event_key, e.flow_version, f.kind, f.body from billing_audit.audit_events as e
        left join billing_audit.in_force_texts as f on f.hash = e.flow_version
        where e.event_key in ('one', 'two', 'three') order by e.position`,
      parameters: [],
    },
  ])) as unknown as readonly Recorded[];
  await driver.close();
  rmSync(userDir, { recursive: true, force: true });
  expect(recorded.map(({ event_key, kind }) => [event_key, kind])).toEqual([
    ['one', 'flow'],
    ['two', 'flow'],
    ['three', 'flow'],
  ]);
  const [one, two, three] = recorded.map(({ flow_version }) => flow_version);
  expect(one).not.toBe(two);
  expect(three).toBe(two);
  for (const { flow_version, body } of recorded) {
    expect(
      createHash('sha256')
        .update(body ?? '')
        .digest('hex'),
    ).toBe(flow_version);
    expect(body).toContain('"url":"/record"');
    expect(body).not.toContain('hush-hush');
    expect(body).not.toContain('typed-where-it-does-not-belong');
    expect(body).toMatch(/"func":"1 line, SHA-256 [0-9a-f]{64}"/u);
  }
  expect(recorded.map(({ body }) => /"label":"(\w+)"/u.exec(body ?? '')?.[1])).toEqual(['First', 'Second', 'Second']);
}, 300_000);
