/**
 * `npm run new-node -- <name> [verb]`: a new node that builds, runs and is tested in both palettes, to be changed from there.
 * Any Node.js from 20 on can run it; it only writes files, and none when it refuses.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newNodeFiles } from './new-node/templates.mjs';
import { inN8nPalette, inNodeList } from './new-node/register.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODES = 'nodes/index.ts';
const N8N_PALETTE = 'hosts/n8n/palette.ts';
const USAGE = `Usage: npm run new-node -- <name> [verb]

Scaffolds a node for both palettes. It takes audit-events and gives those of some severity or higher; change it from there.

  name   in kebab-case, such as late-notes; saved in every flow, so choose it well
  verb   what it does, in one English word: the name of its function and of the function's file (default: sift)

Example: npm run new-node -- late-notes flag
`;
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const VERB = /^[a-z][a-zA-Z0-9]*$/;
const LONGEST = 40;
/** Words of the language, and names that a node's files have already. */
const KEPT = new Set(
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield definition fields index help icon options number string events'.split(
    ' ',
  ),
);

await main(process.argv.slice(2));

async function main(given) {
  if (given.includes('--help') || given.includes('-h')) return void process.stdout.write(USAGE);
  const [name = '', verb = 'sift', ...more] = given;
  refuseBad(name, verb, more);
  const node = namesOf(name, verb);
  refuseTaken(node);
  const before = [NODES, N8N_PALETTE].map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]);
  // All texts are made before the first is written: a place that is not found leaves the tree as it was.
  const edited = [
    [NODES, inNodeList(before[0][1], node)],
    [N8N_PALETTE, inN8nPalette(before[1][1], node)],
  ];
  const base = JSON.parse(readFileSync(join(ROOT, 'test/conformance/audit-trail.json'), 'utf8')).base;
  const files = newNodeFiles(node, base);
  for (const [path, text] of [...files, ...edited]) write(path, await formatted(path, text));
  report(node, files, edited);
}

function refuseBad(name, verb, more) {
  if (name === '') fail('Name the new node.', USAGE);
  if (name.startsWith('-')) fail(`Unknown option ${name}.`, USAGE);
  if (!NAME.test(name) || name.length > LONGEST)
    fail(
      `"${name}" cannot be the name of a node.`,
      `Use small letters, digits and single hyphens, beginning with a letter, at most ${LONGEST} characters: late-notes.`,
    );
  if (!VERB.test(verb) || KEPT.has(verb))
    fail(
      `"${verb}" cannot be the name of its function.`,
      'Use one English verb in small letters that is no word of the language: flag.',
    );
  if (more.length > 0) fail(`"${more.join(' ')}" is too much.`, USAGE);
}

function refuseTaken({ name, exported, type }) {
  const taken = (what) => fail(`The name ${name} is taken: ${what}.`, 'Choose another name, or remove that first.');
  if (existsSync(join(ROOT, 'nodes', name))) taken(`there is a folder nodes/${name}`);
  if (existsSync(join(ROOT, 'credentials', name))) taken(`there is a credential of this name`);
  if (existsSync(join(ROOT, 'test/conformance', `${name}.json`))) taken(`there is a test/conformance/${name}.json`);
  for (const path of [NODES, N8N_PALETTE]) {
    const text = readFileSync(join(ROOT, path), 'utf8');
    if (new RegExp(`\\b${exported}\\b`).test(text)) taken(`${path} knows a ${exported} already`);
    if (text.includes(`name: '${name}'`)) taken(`${path} has a node of this name`);
  }
  const nodes = readdirSync(join(ROOT, 'nodes')).map((each) => each.replaceAll('-', ''));
  if (nodes.includes(type.toLowerCase())) taken('n8n would call another node the same');
}

function namesOf(name, verb) {
  const words = name.split('-');
  const type = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  const camel = type[0].toLowerCase() + type.slice(1);
  return {
    name,
    verb,
    type,
    // One word alone is often a word of the language, or of the file that imports it.
    exported: words.length === 1 ? `${camel}Node` : camel,
    title: words.map((word) => word[0].toUpperCase() + word.slice(1)).join(' '),
  };
}

/** As `npm run lint` wants it; before the first `npm start` there is no Prettier, and lint says so later. */
async function formatted(path, text) {
  const prettier = await import('prettier').catch(() => null);
  if (!prettier || path.endsWith('.svg')) return text;
  const filepath = join(ROOT, path);
  return prettier.format(text, { ...(await prettier.resolveConfig(filepath)), filepath });
}

function write(path, text) {
  const file = join(ROOT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function report({ name, verb, title }, files, edited) {
  const lines = [
    `The node ${title} is there, and in both palettes:`,
    ...[...files.keys()].map((path) => `  new      ${path}`),
    ...edited.map(([path]) => `  changed  ${path}`),
    '',
    'What to do next:',
    `  1. Say what it is in nodes/${name}/definition.ts and fields.ts, and what it does in nodes/${name}/${verb}.ts.`,
    `  2. Write what you expect of it into test/conformance/${name}.json, by hand, before you run it.`,
    `  3. npm test -- test/conformance   runs these cases through the function, Node-RED and n8n.`,
    `  4. Tell users in nodes/${name}/help.md, draw nodes/${name}/icon.svg, and show it in a flow of flows/node-red.`,
    '  5. node scripts/build/palettes-page.mjs   brings docs/palettes.md up to date. Add a row to hosts/n8n/README.md.',
    '  6. npm start   builds it; it stands in the palette of the editor.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function fail(what, hint) {
  process.stderr.write(`${what}\n${hint}\n`);
  process.exit(2);
}
