import Big from 'big.js';
import { badBody, RpcProblem } from './problem';

/** PostgreSQL and PGlite read JSON recursively; what is nested deeper than this was not made by a program of ours. */
const DEEPEST = 500;
/** A number of so many digits is the same in JavaScript as in PostgreSQL. */
const EXACT_DIGITS = 15;

/**
 * Reads a body as strictly as PostgREST does: UTF-8 without a mark, JSON and nothing else.
 * A number that JavaScript would alter on the way to the store is refused: nobody would see that it changed.
 * @throws RpcProblem
 */
export function readJson(body: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw badBody('Empty or invalid json', 'The body is not UTF-8.');
  }
  try {
    // Before it is parsed: the walk needs no stack.
    checkText(text);
    return JSON.parse(text);
  } catch (thrown) {
    throw thrown instanceof RpcProblem ? thrown : badBody('Empty or invalid json');
  }
}

function checkText(text: string): void {
  const next = /["[\]{}]|-?\d[\d.eE+-]*/g;
  let depth = 0;
  for (let found = next.exec(text); found !== null; found = next.exec(text)) {
    const [token] = found;
    if (token === '"') {
      next.lastIndex = endOfString(text, found.index);
      checkString(text.slice(found.index, next.lastIndex));
    } else if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    else checkNumber(token);
    if (depth > DEEPEST) throw tooDeep();
  }
}

/** Just behind the closing quote; the end of the text where there is none, which the parser then refuses. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return text.length;
    let slashes = 0;
    while (text[quote - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    at = quote;
  }
}

/** Half of a character, written as an escape: no text of PostgreSQL can hold it. */
function checkString(quoted: string): void {
  if (!/\\u[dD]/.test(quoted)) return;
  const text: unknown = JSON.parse(quoted);
  if (typeof text === 'string' && /\p{Surrogate}/u.test(text)) throw new SyntaxError('half a character');
}

function checkNumber(token: string): void {
  if (token.length <= EXACT_DIGITS && !/[eE]/.test(token)) return;
  // What is no number at all is the parser's to refuse.
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(token)) return;
  const number = Number(token);
  // Exponents far out are settled by this too: Big would write them out digit by digit.
  const isKept =
    Number.isFinite(number) && (number === 0 ? !/[1-9]/.test(token.split(/e/i)[0] ?? '') : sameAs(token, number));
  if (isKept) return;
  const shown = token.length > 40 ? `${token.slice(0, 40)}...` : token;
  throw new RpcProblem({
    status: 400,
    code: '22003',
    message: `The number ${shown} cannot be kept exactly.`,
    hint: 'Send ids and amounts as text, in quotes.',
  });
}

function sameAs(token: string, number: number): boolean {
  return new Big(token).eq(new Big(String(number)));
}

function tooDeep(): RpcProblem {
  return new RpcProblem({
    status: 413,
    code: '54001',
    message: 'stack depth limit exceeded',
    hint: `The body is nested deeper than ${DEEPEST} levels.`,
  });
}
