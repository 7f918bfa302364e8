import { sha256Hex } from '../hash';
import { HIDDEN, withoutSecrets } from './without-secrets';

/** Nodes whose properties we know: none of them holds a secret, nor code of others. */
const OURS = /^billing-audit-/;
/** Properties of nodes that hold code or text of any kind, whoever made the node. */
const CODE_NAME =
  /^(func|initialize|finalize|template|format|command|append|html|script|code|query|sql|css|style|content|body|payload|info)$/i;
const LONGEST_TOLD = 100;
/** A key that was typed into a field of no telling name: letters and digits mixed, without a break. */
const KEY_LIKE = /\b(?=[A-Za-z0-9_-]*[A-Za-z])(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{20,}\b/g;

/**
 * The value of a property as the trail may tell it. Of code and long texts of nodes that are not ours only a fingerprint
 * and the number of lines: anything may stand in them, `const key = "..."` too, and what is in the trail stays there.
 * @param type  of the node
 * @param name  of the property
 */
export function asTold(type: string, name: string, value: unknown): unknown {
  const safe = withoutSecrets(name, value);
  return OURS.test(type) ? safe : fingerprinted(name, safe, value);
}

/** @param raw  the same place of the value as it was saved: fingerprints tell apart also where only a secret differs */
function fingerprinted(name: string, safe: unknown, raw: unknown): unknown {
  if (typeof safe === 'string') {
    if (safe === HIDDEN) return safe;
    const text = typeof raw === 'string' ? raw : safe;
    const isCode = CODE_NAME.test(name) || text.length > LONGEST_TOLD || text.includes('\n');
    return isCode && text !== '' ? fingerprintOf(text) : safe.replace(KEY_LIKE, HIDDEN);
  }
  if (Array.isArray(safe)) return safe.map((each: unknown, at) => fingerprinted(name, each, inside(raw, at)));
  if (typeof safe !== 'object' || safe === null) return safe;
  return Object.fromEntries(
    Object.entries(safe).map(([field, each]) => [field, fingerprinted(field, each, inside(raw, field))]),
  );
}

function fingerprintOf(text: string): string {
  const lines = text.split('\n').length;
  return `${lines} ${lines === 1 ? 'line' : 'lines'}, SHA-256 ${sha256Hex(text)}`;
}

function inside(raw: unknown, place: string | number): unknown {
  return typeof raw === 'object' && raw !== null ? (raw as Readonly<Record<string, unknown>>)[place] : undefined;
}
