import { parse } from 'acorn';
import { credentials as shippedCredentials, nodes as shippedNodes } from '../../nodes';
import { arrange, typeOf, type Editable } from '../../hosts/node-red/editor/dialog';
import { paletteFiles } from '../../hosts/node-red/editor/palette-files';
import { readField, sentenceOf } from '../../lib/fields';
import type { Field, FieldKind, NodeDefinition } from '../../lib/define';
import { credentials, letterbox, nodes, post, postSettings, scales } from './fixtures/definitions';

const KINDS: readonly FieldKind[] = [
  'string',
  'number',
  'boolean',
  'options',
  'multi-options',
  'secret',
  'hours',
  'weights',
  'json',
  'schedule',
  'sheets',
  'columns',
];
const ICON = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="60"/>';
const files = paletteFiles({
  nodes,
  credentials,
  help: (name) => (name === 'scales' ? 'Weighs **parcels**.' : null),
  icon: () => ICON,
  version: '1.2.3',
  dependencies: { '@electric-sql/pglite': '0.5.16' },
});
const file = (path: string): string => {
  const text = files.get(path);
  if (text === undefined) throw new Error(`${path} was not generated`);
  return text;
};
const html = (name: string): string => file(`nodes/${name}/${name}.html`);

/** The literal first argument and the names of the literal second one, as Node-RED's scorecard reads them. */
function registrations(page: string): { type: unknown; properties: string[] }[] {
  const scripts = [...page.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)].map(
    (match) => match[1] ?? '',
  );
  const found: { type: unknown; properties: string[] }[] = [];
  JSON.stringify(
    scripts.map((script) => parse(script, { ecmaVersion: 2022 })),
    (_key, value: unknown) => {
      const call = value as { type?: string; callee?: { property?: { name?: string } }; arguments?: unknown[] } | null;
      if (call?.type === 'CallExpression' && call.callee?.property?.name === 'registerType') {
        const [name, body] = call.arguments as [
          { value: unknown },
          { type: string; properties: { key: { name: string } }[] },
        ];
        found.push({ type: name.value, properties: body.properties.map(({ key }) => key.name) });
      }
      return value;
    },
  );
  return found;
}

describe('the generated Node-RED package', () => {
  it('registers each node with a literal name and a literal object, as the scorecard reads it', () => {
    expect(registrations(html('scales'))).toEqual([
      {
        type: 'billing-audit-scales',
        properties: [
          'category',
          'defaults',
          'color',
          'icon',
          'inputs',
          'outputs',
          'inputLabels',
          'outputLabels',
          'label',
          'labelStyle',
          'paletteLabel',
          'oneditprepare',
          'oneditsave',
        ],
      },
    ]);
    expect(registrations(html('post-office'))[0]?.type).toBe('billing-audit-post-office');
    expect(registrations(html('billing-settings'))[0]?.type).toBe('billing-audit-settings');
  });

  it('has a fixture for every kind of field, and draws a row for each', () => {
    const definitions: readonly Editable[] = [scales, letterbox, postSettings, { ...post, role: 'credential' }];
    const drawn = definitions.flatMap((each) =>
      Object.entries(each.fields as Readonly<Record<string, Field>>).map(([name, field]) => {
        expect(registrations(html(each.name))).toHaveLength(1);
        expect(html(each.name)).toContain(`data-field="${name}" data-kind="${field.kind}"`);
        return field.kind;
      }),
    );
    expect(new Set(drawn)).toEqual(new Set(KINDS));
  });

  it('shows six fields and puts the others under More', () => {
    const { shown, more } = arrange(scales.fields);
    expect(shown).toEqual(['heavyFrom', 'greeting', 'openingHours', 'twice', 'colour', 'shade']);
    const [above, below] = html('scales').split('<details class="billing-audit-more">');
    for (const name of shown) expect(above).toContain(`data-field="${name}"`);
    for (const name of more) expect(below).toContain(`data-field="${name}"`);
  });

  it('keeps secrets out of what a flow saves', () => {
    const page = html('post-office');
    expect(page).toContain("credentials: { token: { type: 'password' } }");
    expect(page).not.toMatch(/defaults: \{[^}]*token/);
  });

  it('begins a field that can be inherited empty, and others with their default', () => {
    expect(html('scales')).toMatch(/openingHours: \{ value: "",/);
    expect(html('scales')).toMatch(/heavyFrom: \{ value: "10",/);
    expect(html('scales')).toMatch(/heavyFromType: \{ value: "num" \}/);
    expect(html('scales')).toMatch(/points: \{ value: \{"size":10,"age":20\},/);
  });

  it('has a text for every key that a form asks for', () => {
    for (const name of ['scales', 'letterbox', 'post-office', 'billing-settings']) {
      const catalogue = JSON.parse(file(`nodes/${name}/locales/en-US/${name}.json`)) as object;
      for (const [, key = ''] of html(name).matchAll(/data-i18n="(?:\[placeholder\])?([^"]+)"/g)) {
        const text = key
          .split('.')
          .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], catalogue);
        expect(`${key}: ${typeof text}`).toBe(`${key}: string`);
      }
    }
  });

  it('brings help, and the summary where there is none, and an icon with a name of its own', () => {
    expect(html('scales')).toContain(
      '<script type="text/markdown" data-help-name="billing-audit-scales">\nWeighs **parcels**.',
    );
    expect(html('letterbox')).toContain('Tells of letters.');
    expect(file('nodes/scales/icons/billing-audit-scales.svg')).toBe(ICON);
  });

  it('describes itself to npm and to Node-RED', () => {
    expect(JSON.parse(file('package.json'))).toMatchObject({
      name: '@billing-audit/node-red',
      version: '1.2.3',
      license: 'MIT',
      engines: { node: '>=22.9' },
      keywords: expect.arrayContaining(['node-red']) as string[],
      'node-red': { version: '>=4.1', nodes: { scales: 'nodes/scales/scales.js' } },
      dependencies: { '@electric-sql/pglite': '0.5.16' },
    });
  });

  it('cannot be broken out of by a text of a definition', () => {
    const sly = { ...scales, example: { weight: 1, wish: '</script><script>alert(1)</script>' } };
    const page = paletteFiles({
      nodes: [sly],
      credentials: [],
      help: () => null,
      icon: () => null,
      version: '1.0.0',
      dependencies: {},
    });
    expect(page.get('nodes/scales/scales.html')).not.toContain('</script><script>alert');
  });

  it('refuses a field that Node-RED keeps for itself', () => {
    const { greeting } = scales.fields;
    const bad: NodeDefinition = { ...postSettings, fields: { wires: greeting } };
    const build = () =>
      paletteFiles({
        nodes: [bad],
        credentials: [],
        help: () => null,
        icon: () => null,
        version: '1.0.0',
        dependencies: {},
      });
    expect(build).toThrow('a field cannot be named "wires"');
  });

  it('can be made of all shipped definitions', () => {
    const shipped = paletteFiles({
      nodes: shippedNodes as readonly NodeDefinition[],
      credentials: shippedCredentials,
      help: () => null,
      icon: () => null,
      version: '1.0.0',
      dependencies: {},
    });
    for (const node of shippedNodes) {
      const page = shipped.get(`nodes/${node.name}/${node.name}.html`) ?? '';
      expect(registrations(page).map(({ type }) => type)).toEqual([typeOf(node as NodeDefinition)]);
    }
  });
});

describe('a field value', () => {
  const { heavyFrom, openingHours, kinds, points, table, when, places, twice, colour } = scales.fields;
  const cases: readonly (readonly [string, Field, unknown, unknown])[] = [
    ['a number as text', heavyFrom, ' 12.5 ', 12.5],
    ['a number', heavyFrom, 12, 12],
    ['an empty number', heavyFrom, '', 10],
    ['a word for a number', heavyFrom, 'ten', 'must be a number'],
    ['a number that is too large', heavyFrom, '101', 'must be 100 or less'],
    ['hours', openingHours, '08:00-18:00', '08:00-18:00'],
    ['hours up to midnight', openingHours, '08:00-24:00', '08:00-24:00'],
    ['hours that end where they begin', openingHours, '08:00-08:00', 'must look like 08:00-18:00'],
    ['an hour that no clock has', openingHours, '25:00-26:00', 'must look like 08:00-18:00'],
    ['several choices as a list', kinds, ['box', 'tube'], ['box', 'tube']],
    ['several choices as text', kinds, 'box, tube', ['box', 'tube']],
    ['a choice that is not offered', kinds, ['bag'], 'must be one of: box, tube'],
    ['some points', points, { size: 5 }, { size: 5, age: 20 }],
    ['points as JSON', points, '{"age":0}', { size: 10, age: 0 }],
    ['points above 100', points, { size: 101 }, 'needs points from 0 to 100 for "Size"'],
    ['points for an unknown factor', points, { luck: 1 }, 'has no factor named "luck"'],
    ['JSON', table, '[1,2]', [1, 2]],
    ['a schedule of hours', when, 'Mon 02:00', 'Mon 02:00'],
    [
      'a schedule that nobody understands',
      when,
      'often',
      'must look like "every 60 s", "every 5 min", "02:00" or "Mon 02:00"',
    ],
    ['sheet ids', places, '123, 456', ['123', '456']],
    ['a sheet name', places, 'North', 'must be sheet ids (digits), separated by commas'],
    ['yes as text', twice, 'true', true],
    ['perhaps', twice, 'perhaps', 'must be true or false'],
    ['an option', colour, 'blue', 'blue'],
  ];

  it.each(cases)('reads %s', (_name, field, raw, expected) => {
    const reading = readField(field, raw);
    expect(reading.ok ? reading.value : sentenceOf(reading.problem)).toEqual(expected);
  });
});
