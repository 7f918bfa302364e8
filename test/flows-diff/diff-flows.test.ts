import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { diffFlows, type FlowNode } from '../../lib/flows-diff';

const tab: FlowNode = { id: 't1', type: 'tab', label: 'Watching', disabled: false };
const rules: FlowNode = { id: 'n1', type: 'rules', z: 't1', name: 'Rules', from: 1000, x: 10, y: 20, wires: [['n2']] };
const alert: FlowNode = { id: 'n2', type: 'alert', z: 't1', name: '', to: 'audit@example.com', wires: [] };
const flows: readonly FlowNode[] = [tab, rules, alert];
const shipped = JSON.parse(
  readFileSync(join(__dirname, '../../flows/node-red/01 - Watch a sheet.json'), 'utf8'),
) as FlowNode[];

/** The flows with one node changed. */
const changed = (id: string, fields: object): FlowNode[] =>
  flows.map((node) => (node.id === id ? { ...node, ...fields } : node));

describe('the difference of two versions of the flows', () => {
  it('is nothing between equal flows, whatever the order of nodes and fields', () => {
    const turned = [...flows].reverse().map((node) => Object.fromEntries(Object.entries(node).reverse()) as FlowNode);
    expect(diffFlows(flows, turned)).toEqual([]);
  });

  it('names a changed node as the editor does, with each property before and after', () => {
    expect(diffFlows(flows, changed('n1', { from: 5000, x: 99 }))).toEqual([
      {
        kind: 'changed',
        node: { id: 'n1', type: 'rules', name: 'Rules', flow: 'Watching' },
        properties: [{ name: 'from', before: 1000, after: 5000 }],
      },
    ]);
  });

  it('does not count a node that was only moved on the canvas', () => {
    expect(diffFlows(flows, changed('n1', { x: 500, y: 1 }))).toEqual([]);
  });

  it('tells what a removed node was set to', () => {
    expect(diffFlows(flows, [tab, rules])).toEqual([
      {
        kind: 'removed',
        node: { id: 'n2', type: 'alert', name: null, flow: 'Watching' },
        properties: [
          { name: 'z', before: 't1', after: null },
          { name: 'name', before: '', after: null },
          { name: 'to', before: 'audit@example.com', after: null },
          { name: 'wires', before: [], after: null },
        ],
      },
    ]);
  });

  it('tells what an added node is set to', () => {
    const [added, ...rest] = diffFlows([tab, rules], flows);
    expect(rest).toEqual([]);
    expect(added).toMatchObject({ kind: 'added', node: { id: 'n2' } });
    expect(added?.properties).toContainEqual({ name: 'to', before: null, after: 'audit@example.com' });
  });

  it.each([
    ['a node', 'n1', 'd', { d: true }, 'Watching'],
    ['a whole tab', 't1', 'disabled', { disabled: true }, null],
  ])('tells that %s was switched off, and on again', (_what, id, name, fields, flow) => {
    const off = changed(id, fields);
    expect(diffFlows(flows, off)).toMatchObject([
      { kind: 'disabled', node: { id, flow }, properties: [{ name, before: false, after: true }] },
    ]);
    expect(diffFlows(off, flows)).toMatchObject([
      { kind: 'enabled', properties: [{ name, before: true, after: false }] },
    ]);
  });

  it('tells apart that a node was switched off and that it was changed', () => {
    const both = diffFlows(flows, changed('n1', { d: true, from: 1 }));
    expect(both.map(({ kind }) => kind)).toEqual(['disabled', 'changed']);
    expect(both[1]?.properties).toEqual([{ name: 'from', before: 1000, after: 1 }]);
  });

  it('takes another type under the same id for another node', () => {
    expect(diffFlows(flows, changed('n2', { type: 'debug' })).map(({ kind, node }) => `${kind} ${node.type}`)).toEqual([
      'removed alert',
      'added debug',
    ]);
  });

  it('counts an empty field and none as the same', () => {
    expect(diffFlows(flows, changed('n1', { note: null }))).toEqual([]);
  });

  it.each([
    ['credentials', { credentials: { user: 'ann', password: 'hunter2-in-clear' } }],
    ['a field named as a password', { smtpPassword: 'hunter2-in-clear' }],
    ['a password inside an address', { url: 'https://ann:hunter2-in-clear@example.com/x' }],
    ['a header', { headers: [{ keyValue: 'Authorization: Bearer hunter2-in-clear' }] }],
    ['a variable of type credential', { env: [{ name: 'KEY_A', type: 'cred', value: 'hunter2-in-clear' }] }],
    ['a variable named as a token', { env: [{ name: 'MY_TOKEN', type: 'str', value: 'hunter2-in-clear' }] }],
    ['a token alone before the host', { url: 'https://hunter2-in-clear@example.com/x' }],
    ['a key in a query', { url: 'https://example.com/x?a=1&api_key=hunter2-in-clear' }],
    ['what code holds', { func: 'const key = "hunter2-in-clear";\nreturn msg;' }],
    ['a line of many', { note: 'one\nhunter2-in-clear' }],
    ['a long text deep inside', { rules: [{ to: `${'x '.repeat(60)}hunter2-in-clear` }] }],
    ['a key in a field of no telling name', { to: 'hunter2AndMuchLongerThanThat9' }],
    ['a password deep inside', { options: { smtp: { passwd: 'hunter2-in-clear' } } }],
  ])('never tells %s', (_what, fields) => {
    for (const [before, after] of [
      [flows, changed('n1', fields)],
      [changed('n1', fields), flows.slice(0, 1)],
    ] as const) {
      const text = JSON.stringify(diffFlows(before, after));
      expect(text).not.toContain('hunter2');
    }
  });

  it('tells of code how long it was and is, and that it differs also where only a secret in it does', () => {
    const code = (key: string) => changed('n1', { func: `const key = "Bearer ${key}";\nreturn msg;` });
    const [step] = diffFlows(code('abcdef1'), code('abcdef2'));
    const [told] = step?.properties ?? [];
    expect(told?.before).toMatch(/^2 lines, SHA-256 [0-9a-f]{64}$/);
    expect(told?.after).toMatch(/^2 lines, SHA-256 [0-9a-f]{64}$/);
    expect(told?.before).not.toBe(told?.after);
  });

  it('tells long texts of our own nodes as they are, without secrets', () => {
    const long = 'manager@example.com, '.repeat(20);
    const ours = [
      { id: 'n9', type: 'billing-audit-alert', recipients: long, channel: 'https://a:hunter2@example.com' },
    ];
    expect(diffFlows([], ours)[0]?.properties).toEqual([
      { name: 'recipients', before: null, after: long },
      { name: 'channel', before: null, after: 'https://a:[secret]@example.com' },
    ]);
  });

  it('still tells that a password was changed', () => {
    const [step] = diffFlows(changed('n1', { smtpPassword: 'one' }), changed('n1', { smtpPassword: 'other' }));
    expect(step?.properties).toEqual([{ name: 'smtpPassword', before: '[secret]', after: '[secret]' }]);
  });

  it('finds each node of the shipped flow that is taken away, and no other', () => {
    fc.assert(
      fc.property(fc.subarray([...shipped]), (kept) => {
        const gone = shipped.filter((node) => !kept.includes(node)).map(({ id }) => id);
        const found = diffFlows(shipped, kept);
        expect(found.filter(({ kind }) => kind === 'removed').map(({ node }) => node.id)).toEqual(gone);
        expect(found).toHaveLength(gone.length);
        expect(diffFlows(kept, shipped).map(({ node }) => node.id)).toEqual(gone);
      }),
      { numRuns: 30 },
    );
  });
});
