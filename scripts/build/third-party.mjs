/**
 * The notices that the licences of bundled packages ask for: whoever copies their code hands their licence on with it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|copying|notice)(\.|-|$)/i;

/**
 * @param {string} root  of the source tree
 * @param {readonly { inputs: Record<string, unknown> }[]} metafiles  of esbuild
 * @returns {string[]} folders of the packages whose code is in the bundles, below the root, in the order of the alphabet
 */
export function bundledPackages(metafiles) {
  const folders = metafiles.flatMap(({ inputs }) =>
    Object.keys(inputs).flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  );
  return [...new Set(folders)].toSorted();
}

/**
 * @returns {string} the text of THIRD-PARTY.md
 * @throws when a package has no licence that could be handed on
 */
export function thirdPartyNotices(root, metafiles) {
  const sections = bundledPackages(metafiles).map((folder) => section(join(root, folder)));
  return (
    ['# Bundled packages\n\nTheir code is part of this package, under these licences.', ...sections].join('\n\n') + '\n'
  );
}

function section(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  if (texts.length === 0 && existsSync(join(folder, 'README.md'))) {
    const [, told] = /\n#+ licen[cs]e[^\n]*\n([\s\S]*)$/i.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? [];
    if (told) texts.push(told.trim());
  }
  if (!license || texts.length === 0) {
    throw new Error(`The bundled package ${name} has no licence text to hand on. Look at ${folder}, or do without it.`);
  }
  return [`## ${name} ${version} (${license})`, ...texts.map((text) => `\`\`\`text\n${text}\n\`\`\``)].join('\n\n');
}
