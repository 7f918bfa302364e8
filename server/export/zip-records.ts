/** The parts of a ZIP archive between the compressed bytes, as PKWARE's APPNOTE has them (4.3, ZIP64: 4.3.14 and 4.5.3). */

export interface ZipEntry {
  readonly name: string;
  /** Where its header begins. */
  readonly offset: number;
  readonly crc: number;
  /** As it is, and compressed. */
  readonly bytes: number;
  readonly packed: number;
}

/** What the 32 bits of the old form cannot hold: then they are all ones, and the number stands in the form of ZIP64. */
export const ZIP_LIMIT = 0xffff_ffff;
const MOST_ENTRIES = 0xffff;

/** Deflated, its sizes behind it, its name in UTF-8. */
const FLAGS = 0x0808;
const DEFLATED = 8;
const PLAIN = 20;
const WITH_ZIP64 = 45;
const MADE_ON_UNIX = 0x0300;
/** A plain file, for its owner. */
const MODE = 0o100600;

type Field = readonly [bytes: 2 | 4 | 8, value: number];

function packed(fields: readonly Field[], ...rest: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 8) head.writeBigUInt64LE(BigInt(value), at);
    else head.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return Buffer.concat([head, ...rest]);
}

/** Two seconds are the least that it can tell; it has no zone: the time of this machine, as everywhere. */
function dosTime(milliseconds: number): readonly Field[] {
  const at = new Date(milliseconds);
  const year = Math.min(Math.max(at.getFullYear(), 1980), 2107);
  return [
    [2, (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1)],
    [2, ((year - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate()],
  ];
}

export function localHeader(name: string, changedAt: number): Buffer {
  const text = Buffer.from(name);
  return packed(
    [
      [4, 0x04034b50],
      [2, PLAIN],
      [2, FLAGS],
      [2, DEFLATED],
      ...dosTime(changedAt),
      // The checksum and both sizes stand behind the file.
      [4, 0],
      [4, 0],
      [4, 0],
      [2, text.byteLength],
      [2, 0],
    ],
    text,
  );
}

/**
 * Behind a file: its sizes, in 8 bytes only where one of them needs so many. A reader that goes by the list at the end knows
 * which; one that reads from the front on must find out, since the header before a file, written before its size is known, has
 * no mark of ZIP64. Python, `unzip` and our own reader go by the list.
 */
export function dataDescriptor(
  { crc, bytes, packed: small }: Omit<ZipEntry, 'name' | 'offset'>,
  limit: number,
): Buffer {
  const width = bytes >= limit || small >= limit ? 8 : 4;
  return packed([
    [4, 0x08074b50],
    [4, crc],
    [width, small],
    [width, bytes],
  ]);
}

export function centralEntry(entry: ZipEntry, changedAt: number, limit: number): Buffer {
  const name = Buffer.from(entry.name);
  const large = [entry.bytes, entry.packed, entry.offset].filter((value) => value >= limit);
  const extra = packed(
    large.length === 0 ? [] : [[2, 1], [2, 8 * large.length], ...large.map((value) => [8, value] as const)],
  );
  const told = (value: number): number => (value >= limit ? ZIP_LIMIT : value);
  const version = large.length === 0 ? PLAIN : WITH_ZIP64;
  return packed(
    [
      [4, 0x02014b50],
      [2, MADE_ON_UNIX | version],
      [2, version],
      [2, FLAGS],
      [2, DEFLATED],
      ...dosTime(changedAt),
      [4, entry.crc],
      [4, told(entry.packed)],
      [4, told(entry.bytes)],
      [2, name.byteLength],
      [2, extra.byteLength],
      // No comment, on the first disk, no text.
      [2, 0],
      [2, 0],
      [2, 0],
      [4, MODE * 0x1_0000],
      [4, told(entry.offset)],
    ],
    name,
    extra,
  );
}

/** The end of the list of files, in both forms where the old one cannot hold it. */
export function endOfDirectory(
  { offset, bytes, entries }: { readonly offset: number; readonly bytes: number; readonly entries: number },
  limit: number,
): Buffer {
  const isLarge = offset >= limit || bytes >= limit || entries >= MOST_ENTRIES;
  const zip64: readonly Field[] = [
    [4, 0x06064b50],
    [8, 44],
    [2, MADE_ON_UNIX | WITH_ZIP64],
    [2, WITH_ZIP64],
    [4, 0],
    [4, 0],
    [8, entries],
    [8, entries],
    [8, bytes],
    [8, offset],
    // Where that record is.
    [4, 0x07064b50],
    [4, 0],
    [8, offset + bytes],
    [4, 1],
  ];
  const told = (value: number, most: number): number => (isLarge ? most : value);
  return packed([
    ...(isLarge ? zip64 : []),
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, told(entries, MOST_ENTRIES)],
    [2, told(entries, MOST_ENTRIES)],
    [4, told(bytes, ZIP_LIMIT)],
    [4, told(offset, ZIP_LIMIT)],
    [2, 0],
  ]);
}
