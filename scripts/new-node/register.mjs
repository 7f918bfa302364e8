/** Puts a new node into the two lists that the palettes are made of. */

/** @param {string} text  of nodes/index.ts @returns {string} with the node behind the others, before the shared settings */
export function inNodeList(text, { name, exported }) {
  const listed = replaced(text, '\n  billingSettings,\n]', `\n  ${exported},\n  billingSettings,\n]`, 'nodes/index.ts');
  return withImport(listed, `import { ${exported} } from './${name}';`, /^import \{ \w+ \} from '\.\/([\w-]+)';$/);
}

/** @param {string} text  of hosts/n8n/palette.ts @returns {string} with the node behind the others */
export function inN8nPalette(text, { name, exported }) {
  const entry = [
    `  action(${exported}, '${exported}', {`,
    `    subtitle: '={{ "from " + $parameter["severityFrom"] }}',`,
    `  }),`,
  ];
  const end = text.lastIndexOf('\n];');
  if (end < 0) throw notFound('hosts/n8n/palette.ts', 'the end of the list n8nNodes');
  const listed = `${text.slice(0, end)}\n${entry.join('\n')}${text.slice(end)}`;
  return withImport(
    listed,
    `import { ${exported} } from '../../nodes/${name}';`,
    /^import \{ \w+ \} from '\.\.\/\.\.\/nodes\/([\w-]+)';$/,
  );
}

/** After the last import of a node whose folder comes before it in the alphabet. */
function withImport(text, line, pattern) {
  const lines = text.split('\n');
  const folder = pattern.exec(line)[1];
  const places = lines.flatMap((each, at) => {
    const match = pattern.exec(each);
    return match ? [{ at, folder: match[1] }] : [];
  });
  if (places.length === 0) throw notFound('its imports', 'the import of a node');
  const before = places.filter((each) => each.folder < folder).at(-1);
  return lines.toSpliced(before ? before.at + 1 : places[0].at, 0, line).join('\n');
}

function replaced(text, from, to, path) {
  if (!text.includes(from)) throw notFound(path, JSON.stringify(from.trim()));
  return text.replace(from, to);
}

function notFound(path, what) {
  return new Error(`${what} was not found in ${path}. Nothing was written; add the node by hand, or mend this script.`);
}
