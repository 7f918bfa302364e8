import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';

/** Files in a ZIP archive as we write them: deflated, below 4 GiB, found by the list at its end. */
export interface Zipped {
  readonly names: readonly string[];
  /** @throws Error  there is no such file */
  stream(name: string): Readable;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
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

async function listIn(tail: Buffer, part: (offset: number, bytes: number) => Promise<Buffer>): Promise<Buffer> {
  for (let at = tail.length - 22; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) === END) return part(tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12));
  }
  throw new Error('it is no ZIP file, or not whole');
}

function* entriesOf(list: Buffer): Generator<{ name: string; header: number; bytes: number }> {
  for (let at = 0; at + 46 <= list.length && list.readUInt32LE(at) === ENTRY;) {
    const [name, extra, comment] = [list.readUInt16LE(at + 28), list.readUInt16LE(at + 30), list.readUInt16LE(at + 32)];
    yield {
      name: list.toString('utf8', at + 46, at + 46 + name),
      header: list.readUInt32LE(at + 42),
      bytes: list.readUInt32LE(at + 20),
    };
    at += 46 + name + extra + comment;
  }
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
