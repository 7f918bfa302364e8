/**
 * Builds the importable dashboard: `node scripts/build/dashboard.mjs [--check]`.
 * dashboards/source holds the flow with its templates as files of their own; dashboards/overview.json is what people import.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const SOURCE = join(ROOT, 'dashboards/source');
const TARGET = join(ROOT, 'dashboards/overview.json');

/** @returns {string} the text of dashboards/overview.json */
export function dashboardText() {
  const nodes = JSON.parse(readFileSync(join(SOURCE, 'overview.json'), 'utf8'));
  const { version, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return `${JSON.stringify(
    nodes.map((node) => completed(node, version, devDependencies)),
    null,
    2,
  )}\n`;
}

/** A template's `file` becomes its `format`; modules get the versions of this repository. */
function completed(node, version, { '@flowfuse/node-red-dashboard': dashboard }) {
  if (node.type === 'global-config') {
    const modules = { '@billing-audit/node-red': version, '@flowfuse/node-red-dashboard': dashboard };
    return { ...node, modules };
  }
  if (node.file === undefined) return node;
  const { file, words = {}, ...rest } = node;
  return {
    ...rest,
    format: Object.entries(words).reduce((text, [name, word]) => text.replaceAll(`%${name}%`, word), read(file)),
  };
}

/** A file with the parts that it includes in their places. */
function read(file) {
  return readFileSync(join(SOURCE, file), 'utf8')
    .trimEnd()
    .replace(/(?:<!--|\/\*) include (\S+) (?:-->|\*\/)/gu, (_, part) => read(part));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = dashboardText();
  if (!process.argv.includes('--check')) {
    writeFileSync(TARGET, text);
    process.stdout.write('Built dashboards/overview.json.\n');
  } else if (readFileSync(TARGET, 'utf8') !== text) {
    process.stderr.write(
      'dashboards/overview.json is not what dashboards/source makes: run "node scripts/build/dashboard.mjs".\n',
    );
    process.exitCode = 1;
  }
}
