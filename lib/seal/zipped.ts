import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';

/** Files in a ZIP archive as we write them: deflated, of any size (ZIP64), found by the list at its end. */
export interface Zipped {
  readonly names: readonly string[];
  /** @throws Error  there is no such file */
  stream(name: string): Readable;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
/** Says where the end in the form of ZIP64 is; stands before the other end. */
const LOCATOR = 0x07064b50;
const LOCATOR_BYTES = 20;
const END_64 = 0x06064b50;
const END_64_BYTES = 56;
/** A number that stands elsewhere, in eight bytes. */
const ELSEWHERE = 0xffff_ffff;
/** A bundle has some ten files: a longer list is none of ours, and would be read into memory. */
const LONGEST_LIST = 1024 * 1024;
/** The list's end has a comment of at most this length behind it. */
const MOST_AT_END = 65_557;
const LOCAL_HEADER = 30;

interface Place {
  readonly offset: number;
  readonly bytes: number;
}

/** @throws Error  in a sentence why the file is no such archive */
export async function openZipped(path: string): Promise<Zipped> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const part = async (offset: number, bytes: number): Promise<Buffer> => {
      const read = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
      if (read.bytesRead !== bytes) throw new Error('it is not whole');
      return read.buffer;
    };
    const tail = await part(Math.max(0, size - MOST_AT_END), Math.min(size, MOST_AT_END));
    const places = new Map<string, Place>();
    for (const { name, header, bytes } of entriesOf(await listIn(tail, part))) {
      const local = await part(header, LOCAL_HEADER);
      const offset = header + LOCAL_HEADER + local.readUInt16LE(26) + local.readUInt16LE(28);
      places.set(name, { offset, bytes });
    }
    return { names: [...places.keys()], stream: (name) => streamOf(path, places.get(name)) };
  } finally {
    await file.close();
  }
}

type Part = (offset: number, bytes: number) => Promise<Buffer>;

async function listIn(tail: Buffer, part: Part): Promise<Buffer> {
  for (let at = tail.length - 22; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== END) continue;
    const isLarge = at >= LOCATOR_BYTES && tail.readUInt32LE(at - LOCATOR_BYTES) === LOCATOR;
    const place = isLarge
      ? await placeIn(tail.subarray(at - LOCATOR_BYTES), part)
      : { offset: tail.readUInt32LE(at + 16), bytes: tail.readUInt32LE(at + 12) };
    if (place.bytes > LONGEST_LIST) throw new Error('its list of files is longer than any of ours');
    return part(place.offset, place.bytes);
  }
  throw new Error('it is no ZIP file, or not whole');
}

async function placeIn(locator: Buffer, part: Part): Promise<Place> {
  const end = await part(numberAt(locator, 8), END_64_BYTES);
  if (end.readUInt32LE(0) !== END_64) throw new Error('the end of its list of files is not where it is said to be');
  return { bytes: numberAt(end, 40), offset: numberAt(end, 48) };
}

function numberAt(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error('it tells a size that no file has');
  return Number(value);
}

function* entriesOf(list: Buffer): Generator<{ name: string; header: number; bytes: number }> {
  for (let at = 0; at + 46 <= list.length && list.readUInt32LE(at) === ENTRY;) {
    const [name, extra, comment] = [list.readUInt16LE(at + 28), list.readUInt16LE(at + 30), list.readUInt16LE(at + 32)];
    const large = largeNumbers(list.subarray(at + 46 + name, at + 46 + name + extra));
    const told = (place: number): number => {
      const value = list.readUInt32LE(at + place);
      return value === ELSEWHERE ? (large.shift() ?? value) : value;
    };
    // In the order in which they stand elsewhere: the size, the size when compressed, where it begins.
    const [, bytes, header] = [told(24), told(20), told(42)] as const;
    yield { name: list.toString('utf8', at + 46, at + 46 + name), header, bytes };
    at += 46 + name + extra + comment;
  }
}

/** The numbers of the extra field of ZIP64; none where there is no such field. */
function largeNumbers(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const field = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
    return Array.from({ length: Math.floor(field.length / 8) }, (_, index) => numberAt(field, 8 * index));
  }
  return [];
}

function streamOf(path: string, place: Place | undefined): Readable {
  if (place === undefined) throw new Error('a file is missing in it');
  const { offset, bytes } = place;
  const inflated = createInflateRaw();
  createReadStream(path, { start: offset, end: offset + bytes - 1 })
    .on('error', (failure) => inflated.destroy(failure))
    .pipe(inflated);
  return inflated;
}
