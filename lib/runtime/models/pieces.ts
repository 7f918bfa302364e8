import type { Steps } from '../../steps';

/** Letters of a piece, and more where one element has more: so few are read in a fraction of a millisecond. */
const LETTERS = 32_768;
const NEW_LINE = 0x0a;

type Json = Readonly<Record<string, unknown>>;

/**
 * Objects as text that is read piece by piece: a line each, JSON. The first is the head, as it is; then of each object each
 * member, a long list in several pieces; then how many lines there were. Equal objects give equal text.
 */
export function textOfPieces(head: Json, objects: readonly object[]): string {
  const lines = [JSON.stringify(head)];
  for (const [index, object] of objects.entries()) {
    for (const [name, value] of Object.entries(object) as [string, unknown][]) {
      const at = `[${index},${JSON.stringify(name)},`;
      for (const text of textsOf(value)) lines.push(`${at}${text}]`);
    }
  }
  lines.push(JSON.stringify(['end', lines.length]));
  return `${lines.join('\n')}\n`;
}

function* textsOf(value: unknown): Generator<string> {
  const plain = hasJson(value) ? value.toJSON() : value;
  if (!Array.isArray(plain)) return yield JSON.stringify(plain ?? null);
  let [some, letters]: [string[], number] = [[], 0];
  for (const element of plain) {
    const text = JSON.stringify(element ?? null);
    some.push(text);
    letters += text.length;
    if (letters < LETTERS) continue;
    yield `[${some.join()}]`;
    [some, letters] = [[], 0];
  }
  if (some.length > 0 || plain.length === 0) yield `[${some.join()}]`;
}

function hasJson(value: unknown): value is { toJSON(): unknown } {
  return typeof value === 'object' && value !== null && 'toJSON' in value;
}

/** What `textOfPieces` wrote, line by line. */
export class Pieces {
  private at = 0;
  private lines = 0;

  constructor(private readonly bytes: Buffer) {}

  /**
   * The first line, to be read before the objects.
   * @throws SyntaxError  it is no JSON
   */
  head(): Json | null {
    return this.next() as Json | null;
  }

  /**
   * The objects in steps.
   * @throws SyntaxError  a line is no JSON
   * @throws Error  what it was written with is not all there
   */
  *objects(): Steps<Record<string, unknown>[]> {
    const objects: Record<string, unknown>[] = [];
    for (;;) {
      const before = this.lines;
      const line = this.next();
      if (!Array.isArray(line)) throw new Error(`it ends after line ${before}, or line ${before + 1} is no part of it`);
      const [index, name, value] = line as [number | 'end', string, unknown];
      if (index === 'end' && Number(name) === before && this.at === this.bytes.length) return objects;
      if (typeof index !== 'number') throw new Error(`its end stands in line ${before + 1}, where more belongs`);
      const object = (objects[index] ??= {});
      const known = object[name];
      if (Array.isArray(known) && Array.isArray(value)) for (const one of value) known.push(one);
      else object[name] = value;
      yield;
    }
  }

  /** @returns null at the end */
  private next(): unknown {
    if (this.at >= this.bytes.length) return null;
    const found = this.bytes.indexOf(NEW_LINE, this.at);
    const end = found < 0 ? this.bytes.length : found;
    const line = this.bytes.toString('utf8', this.at, end);
    this.at = end + 1;
    this.lines += 1;
    return JSON.parse(line) as unknown;
  }
}
