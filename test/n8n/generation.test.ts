import { parseExpressionAt } from 'acorn';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import { n8nCredentials } from '../../hosts/n8n/generate/credentials';
import { literal, Source } from '../../hosts/n8n/generate/literal';
import { packageFiles } from '../../hosts/n8n/generate/package-files';
import { arranged, propertiesOf, type Property } from '../../hosts/n8n/generate/properties';
import { described, titled } from '../../hosts/n8n/generate/words';
import { className, OPTIONS } from '../../hosts/n8n/names';
import { n8nNodes } from '../../hosts/n8n/palette';
import type { Fields } from '../../lib/define';
import { billingSettings } from '../../nodes/billing-settings';
import { nodes as everyKind } from '../node-red/fixtures/definitions';

const ROOT = resolve(__dirname, '../..');
const PICKERS = { sheets: 'searchSheets', columns: 'listColumns' };
/** The shipped nodes, and those that have a field of every kind. */
const forms: readonly (readonly [string, Fields])[] = [
  ...n8nNodes.map(({ definition, fields }) => [definition.name, fields] as const),
  ...everyKind.map(({ name, fields }) => [`fixture ${name}`, fields as Fields] as const),
];

const collectionOf = (properties: readonly Property[]): readonly Property[] =>
  (properties.find(({ name }) => name === OPTIONS)?.['options'] ?? []) as readonly Property[];

describe.each(forms)('the form of %s', (_name, fields) => {
  const properties = propertiesOf(fields, PICKERS);
  // A resource decides which of several lists of operations is shown: a person sees two fields.
  const resource = properties.find(({ name }) => name === 'resource');
  const lists = properties.filter(({ name }) => resource && name === 'operation');
  const top = properties
    .filter((each) => each['name'] !== OPTIONS && each !== resource)
    .filter((each) => !lists.slice(1).includes(each));
  const added = collectionOf(properties);
  const names = (list: readonly Property[]): string[] => list.map(({ name }) => String(name));

  it('shows six fields at most, and loses none', () => {
    expect(top.length + (resource ? 1 : 0)).toBeLessThanOrEqual(6);
    expect([...names(top), ...names(added)].sort()).toEqual(Object.keys(fields).sort());
    expect(names(top)).toEqual(arranged(fields).shown);
  });

  it('leaves what may be inherited to Options, where what is not added is not set', () => {
    const inheriting = Object.keys(fields).filter((name) => fields[name]?.setting);
    expect(names(top).filter((name) => inheriting.includes(name))).toEqual([]);
    expect(added.filter((each) => each['required'])).toEqual([]);
  });

  it('looks at the fields of a condition from where n8n looks', () => {
    for (const [list, path] of [
      [top, (name: string) => name],
      [added, (name: string) => `/${name}`],
    ] as const) {
      for (const property of list) {
        if (lists.includes(property)) continue;
        const condition = fields[String(property['name'])]?.showWhen;
        const expected = condition && { show: { [path(condition.field)]: [...condition.is] } };
        expect({ name: property['name'], shown: property['displayOptions'] }).toEqual({
          name: property['name'],
          shown: expected,
        });
      }
    }
  });

  it('sorts operations by what they are about, where there are many', () => {
    const { operation } = fields;
    const values = operation?.kind === 'options' ? operation.options.map(({ value }) => value) : [];
    if (resource === undefined) return void expect(values.length).toBeLessThanOrEqual(5);
    const listed = lists.flatMap((list) => list['options'] as readonly { readonly value: string }[]);
    expect(listed.map(({ value }) => value).sort()).toEqual([...values].sort());
    const shown = lists.map((list) => (list['displayOptions'] as { show: { resource: string[] } }).show.resource[0]);
    const resources = resource['options'] as readonly { readonly value: string }[];
    expect([...shown].sort()).toEqual(resources.map(({ value }) => value).sort());
    expect(listed.map(({ value }) => value)).toContain(operation?.default);
  });

  it('takes expressions only where the definition does, or where a picker has them by itself', () => {
    for (const property of [...top, ...added].filter(({ name }) => name !== 'limit')) {
      const field = fields[String(property['name'])];
      const takes = Boolean(field?.expression) || field?.kind === 'sheets' || field?.kind === 'columns';
      expect({ name: property['name'], fixed: property['noDataExpression'] ?? false }).toEqual({
        name: property['name'],
        fixed: !takes,
      });
    }
  });
});

describe('the store credential', () => {
  it('holds every billing setting once, by its own name', () => {
    const store = n8nCredentials.find(({ name }) => name === 'billingAuditStoreApi');
    const names = store?.properties.map(({ name }) => name);
    expect(names).toEqual(['address', 'apiKey', ...Object.keys(billingSettings.fields)]);
  });
});

describe('a literal', () => {
  const evaluated = (text: string): unknown => {
    const { end } = parseExpressionAt(text, 0, { ecmaVersion: 2022 });
    expect(end).toBe(text.length);
    return JSON.parse(JSON.stringify(runInNewContext(`(${text})`))) as unknown;
  };

  it.each([
    ['quotes of both kinds: it\'s "so"'],
    ['back\\slash, \\n that is no line, and a real\nline'],
    ['`${not} a template`'],
    ['\u2028 and \u0000 and 🙂'],
    [''],
  ])('is the text that it was made of: %j', (text) => {
    expect(evaluated(literal(text))).toBe(text);
  });

  it('is the data that it was made of, with names that need quotes', () => {
    const value = {
      plain: 1,
      'with-hyphen': [true, null, -0.5],
      "it's": { class: 'x', '1a': '' },
      empty: {},
      none: [],
    };
    expect(evaluated(literal(value))).toEqual(value);
  });

  it('writes a piece of source as it stands', () => {
    expect(literal({ inputs: [new Source('NodeConnectionTypes.Main')] })).toBe(
      '{ inputs: [NodeConnectionTypes.Main] }',
    );
  });

  it('gives every property of every node back as it was', () => {
    for (const [, fields] of forms) {
      const properties = propertiesOf(fields, PICKERS);
      expect(evaluated(literal(properties))).toEqual(JSON.parse(JSON.stringify(properties)));
    }
  });
});

describe("n8n's manners", () => {
  it.each([
    ['High risk from', 'High Risk From'],
    ['Points for each factor', 'Points for Each Factor'],
    ['Within (minutes)', 'Within (Minutes)'],
    ['to', 'To'],
  ])('write the label %j as %j', (label, title) => expect(titled(label)).toBe(title));

  it.each([
    ['One sentence.', 'One sentence'],
    ['Two. Sentences', 'Two. Sentences.'],
    ['The id of a sheet.', 'The ID of a sheet'],
    ['Default 1,000.', 'Default 1,000'],
    ['', ''],
  ])('write the hint %j as %j', (hint, description) => expect(described(hint)).toBe(description));
});

describe('the generated files', () => {
  const files = packageFiles({
    version: '1.2.3',
    root: '../../../..',
    icon: (path) => readFileSync(join(ROOT, path), 'utf8'),
  });

  it('hold a source, a description for the menus and two icons for every node', () => {
    for (const { definition } of n8nNodes) {
      const name = className(definition);
      for (const end of ['.node.ts', '.node.json', '.svg', '.dark.svg'])
        expect(files.has(`nodes/${name}/${name}${end}`)).toBe(true);
    }
  });

  it('give every node a picture of its own', () => {
    const pictures = n8nNodes.map(({ definition }) => {
      const name = className(definition);
      return files.get(`nodes/${name}/${name}.svg`);
    });
    expect(new Set(pictures).size).toBe(n8nNodes.length);
  });

  it('promise of Alert what it does in n8n, and ask for the limits of the outbox only where it is used', () => {
    const source = files.get('nodes/Alert/Alert.node.ts') ?? '';
    expect(source).toContain('gives the mail');
    expect(source).not.toContain('Mails people');
    const { fields } = n8nNodes.find(({ definition }) => definition.name === 'alert')!;
    for (const name of ['mailsPerHour', 'groupMinutes'])
      expect(fields[name]?.showWhen).toEqual({ field: 'delivery', is: ['outbox'] });
  });

  it('ask at once for who approves, since no sign-in tells', () => {
    const { fields } = n8nNodes.find(({ definition }) => definition.name === 'billing-rules')!;
    expect(arranged(fields).shown).toEqual(expect.arrayContaining(['approver', 'approverRole']));
  });

  it('name one output for each output of the definition', () => {
    for (const { module, outputs, definition } of n8nNodes.filter((node) => node.module)) {
      const given = 'outputs' in definition ? Object.keys(definition.outputs as object) : [];
      expect({ node: module?.exported, outputs: outputs.length }).toEqual({
        node: module?.exported,
        outputs: given.length,
      });
    }
  });

  it('say the life of the webhook in the class itself, as the linter of n8n wants to read it', () => {
    const source = files.get('nodes/SmartsheetTrigger/SmartsheetTrigger.node.ts') ?? '';
    for (const method of ['async checkExists(', 'async create(', 'async delete(']) expect(source).toContain(method);
  });
});
