import { className, nodeName, PACKAGE_NAME } from '../names';
import { n8nNodes, type N8nNode } from '../palette';
import { n8nCredentials, type N8nCredential } from './credentials';
import { literal } from './literal';
import { nodeSource } from './node-source';

export interface PackageSources {
  readonly version: string;
  /** From a generated file of a node to the root of the source tree. */
  readonly root: string;
  /** The text of an icon, by its path in the source tree. */
  readonly icon: (path: string) => string;
}

const REPOSITORY = 'https://github.com/billing-audit/billing-audit';
const COLOUR_ON_LIGHT = '#1f4e79';
const COLOUR_ON_DARK = '#9cc7f0';

/** What `n8n-node lint` demands of a strict package, letter by letter. */
const LINT = `import { config } from '@n8n/node-cli/eslint';

export default config;
`;

/** For whoever looks at the generated sources; the bundles are made without it. */
const COMPILER = {
  compilerOptions: {
    strict: true,
    module: 'commonjs',
    moduleResolution: 'node',
    target: 'es2023',
    lib: ['es2023'],
    esModuleInterop: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['credentials/**/*', 'nodes/**/*'],
};

/** Every file of the n8n package as it is before bundling, by its path in the package. */
export function packageFiles(sources: PackageSources): ReadonlyMap<string, string> {
  const files = new Map<string, string>([
    ['package.json', json(manifest(sources.version))],
    ['eslint.config.mjs', LINT],
    ['tsconfig.json', json(COMPILER)],
  ]);
  for (const node of n8nNodes) {
    const name = className(node.definition);
    const path = `nodes/${name}/${name}`;
    files.set(`${path}.node.ts`, nodeSource(node, sources.root));
    files.set(`${path}.node.json`, json(codex(node)));
    for (const [file, text] of icons(name, sources.icon(iconPath(node)))) files.set(`nodes/${name}/${file}`, text);
  }
  for (const credential of n8nCredentials) {
    files.set(`credentials/${credential.className}.credentials.ts`, credentialSource(credential));
    for (const [file, text] of icons(credential.className, sources.icon(iconPath(credential))))
      files.set(`credentials/${file}`, text);
  }
  return files;
}

function manifest(version: string): object {
  return {
    name: PACKAGE_NAME,
    version,
    description: 'Watches billing sheets in Smartsheet: what changed, who did it, was it allowed, how risky is it.',
    keywords: ['n8n-community-node-package', 'smartsheet', 'audit', 'billing', 'supabase'],
    license: 'MIT',
    homepage: `${REPOSITORY}#readme`,
    author: { name: 'Billing Audit', email: 'maintainers@example.com' },
    repository: { type: 'git', url: `git+${REPOSITORY}.git` },
    files: ['dist', 'workflows', 'THIRD-PARTY.md'],
    n8n: {
      n8nNodesApiVersion: 1,
      strict: true,
      credentials: n8nCredentials.map((each) => `dist/credentials/${each.className}.credentials.js`),
      nodes: n8nNodes.map(({ definition }) => {
        const name = className(definition);
        return `dist/nodes/${name}/${name}.node.js`;
      }),
    },
    peerDependencies: { 'n8n-workflow': '*' },
  };
}

/** Where the node is found in n8n's menus, and where its documentation is. */
function codex({ definition, alias }: N8nNode): object {
  const documentation = [{ url: `${REPOSITORY}/blob/main/docs/palettes.md` }];
  return {
    node: `${PACKAGE_NAME}.${nodeName(definition)}`,
    nodeVersion: String(definition.version),
    codexVersion: '1.0',
    categories: ['Finance & Accounting', 'Productivity'],
    resources: { primaryDocumentation: documentation, credentialDocumentation: documentation },
    alias: [...alias],
  };
}

function iconPath({ folder, icon }: Pick<N8nNode, 'folder' | 'icon'>): string {
  return icon === undefined ? `nodes/${folder}/icon.svg` : `hosts/n8n/icons/${icon}`;
}

/** Node-RED's icons are white and upright with room around; n8n wants a square, in a colour for each of its themes. */
function icons(name: string, svg: string): readonly (readonly [string, string])[] {
  const square = svg
    .replace(/width="\d+" height="\d+" viewBox="0 0 40 60"/, 'width="60" height="60" viewBox="-3 7 46 46"')
    .trim();
  const inColour = (colour: string): string => `${square.replaceAll('#fff', colour)}\n`;
  return [
    [`${name}.svg`, inColour(COLOUR_ON_LIGHT)],
    [`${name}.dark.svg`, inColour(COLOUR_ON_DARK)],
  ];
}

function credentialSource(credential: N8nCredential): string {
  const { className: name, displayName, properties, headers, test } = credential;
  const authenticate = { type: 'generic', properties: { headers } };
  return [
    `import type { IAuthenticateGeneric, Icon, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';`,
    '',
    `export class ${name} implements ICredentialType {`,
    `name = ${literal(credential.name)};`,
    `displayName = ${literal(displayName)};`,
    `icon: Icon = ${literal({ light: `file:${name}.svg`, dark: `file:${name}.dark.svg` })};`,
    `documentationUrl = ${literal(`${REPOSITORY}/blob/main/docs/palettes.md`)};`,
    `properties: INodeProperties[] = ${literal(properties)};`,
    `authenticate: IAuthenticateGeneric = ${literal(authenticate)};`,
    `test: ICredentialTestRequest = ${literal({ request: test })};`,
    '}',
    '',
  ].join('\n');
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
