import type { CredentialDefinition, NodeDefinition } from '../../../lib/define';
import { PACKAGE_NAME } from '../names';
import { catalogueOf } from './catalogue';
import type { Editable } from './dialog';
import { editorPage } from './page';
import { iconFile } from './register-type';

/** Where the plugin of Dashboard 2.0 lies in the package. */
const DASHBOARD_PLUGIN = 'plugins/dashboard.js';

/** What the package is generated from; files are read by the caller. */
export interface PaletteSources {
  readonly nodes: readonly NodeDefinition[];
  readonly credentials: readonly CredentialDefinition[];
  /** Markdown and picture of a definition; null = it has none. */
  readonly help: (name: string) => string | null;
  readonly icon: (name: string) => string | null;
  readonly version: string;
  /** The packages that the bundle leaves out, with their exact versions. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The generated files of the Node-RED package, by path. Bundles, migrations and examples are added by the build. */
export function paletteFiles(sources: PaletteSources): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const editable of editables(sources)) {
    const folder = `nodes/${editable.name}`;
    const help = sources.help(editable.name) ?? editable.summary;
    const icon = sources.icon(editable.name);
    files.set(`${folder}/${editable.name}.js`, loader(editable.name));
    files.set(`${folder}/${editable.name}.html`, editorPage(editable, help));
    files.set(`${folder}/locales/en-US/${editable.name}.json`, json(catalogueOf(editable)));
    if (icon !== null) files.set(`${folder}/icons/${iconFile(editable)}`, icon);
  }
  files.set(DASHBOARD_PLUGIN, dashboardPluginFile());
  files.set('package.json', json(manifest(sources)));
  files.set('README.md', readme(sources));
  return files;
}

/** Config nodes first: the others name their types. */
function editables({ nodes, credentials }: PaletteSources): Editable[] {
  const settings = nodes.filter(({ role }) => role === 'settings');
  const others = nodes.filter(({ role }) => role !== 'settings');
  return [...credentials.map((each) => ({ ...each, role: 'credential' as const })), ...settings, ...others];
}

function loader(name: string): string {
  return `'use strict';
const { palette } = require('../../palette.js');

module.exports = (RED) => palette.register(RED, ${JSON.stringify(name)});
`;
}

function dashboardPluginFile(): string {
  return `'use strict';
const { palette } = require('../palette.js');

module.exports = (RED) => palette.registerDashboard(RED);
`;
}

function manifest(sources: PaletteSources): unknown {
  const nodes = editables(sources).map(({ name }) => [name, `nodes/${name}/${name}.js`]);
  return {
    name: PACKAGE_NAME,
    version: sources.version,
    description: 'Watches billing sheets in Smartsheet: what changed, who did it, was it allowed, how risky is it.',
    license: 'MIT',
    keywords: ['node-red', 'smartsheet', 'audit', 'billing', 'compliance'],
    repository: { type: 'git', url: 'git+https://github.com/billing-audit/billing-audit.git' },
    bugs: { url: 'https://github.com/billing-audit/billing-audit/issues' },
    homepage: 'https://github.com/billing-audit/billing-audit#readme',
    engines: { node: '>=22.9' },
    files: ['nodes/', 'plugins/', 'resources/', 'examples/', 'supabase/', '*.js'],
    'node-red': {
      version: '>=4.1',
      nodes: Object.fromEntries(nodes),
      plugins: { 'billing-audit-dashboard': DASHBOARD_PLUGIN },
    },
    dependencies: sources.dependencies,
  };
}

function readme({ nodes }: PaletteSources): string {
  const rows = nodes.map(({ title, summary }) => `| **${title}** | ${summary} |`);
  return `# Billing Audit for Node-RED

Watches billing sheets in Smartsheet and says of each change: what it was, who made it, whether it was allowed, how
risky it is and why, in a trail that nobody can rewrite unseen.

| node | what it does |
|---|---|
${rows.join('\n')}

Install it from the palette manager, or with \`npm install ${PACKAGE_NAME}\` in Node-RED's user directory, then import
an example: menu, Import, Examples, ${PACKAGE_NAME}.

## What to know

- Every field takes \`\${NAME}\`, an environment variable. An empty access token is taken from
  \`SMARTSHEET_ACCESS_TOKEN\`.
- Data is kept in \`BILLING_AUDIT_HOME\`, by default \`.billing-audit\` in Node-RED's user directory.
- Smartsheet calls \`POST /webhook\` below \`httpNodeRoot\`. It cannot sign in: with \`httpNodeAuth\`, let this path
  through. Each call is proved by its signature, over the exact bytes.
- \`GET /health\` answers 503 only when callbacks cannot be stored or a connection is missing.
- An error reaches a Catch node with \`msg.error.code\`, and what to do about it in \`msg.error.cause.hint\`.
`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
