import { crc32 } from 'node:zlib';

/**
 * How a segment of the inbox journal is written:
 *
 *     segment = HEADING record*
 *     record  = mark (4 bytes) · number (4) · length (4) · CRC-32 of number, length and content (4) · content
 *
 * Whole numbers are big-endian. Records of a segment are numbered from 1, so that a missing one is noticed. A record that
 * was being written when the power failed is recognised by its length or checksum, and nothing valid follows it.
 */
export const HEADING = Buffer.from('billing-audit inbox journal 1\n');

const MARK = Buffer.from([0xba, 0x11, 0x0a, 0xd1]);
const FRAME_BYTES = 16;
/** More than any callback that is kept; a longer length is damage. */
const LONGEST_CONTENT_BYTES = 64 * 1024 * 1024;

export interface JournalRecord {
  readonly number: number;
  readonly content: Buffer;
  /** Where the next record begins, in bytes from the beginning of the segment. */
  readonly end: number;
}

/** Bytes that are no record although valid ones follow: acknowledged callbacks may be lost in them. */
export interface Damage {
  readonly from: number;
  readonly to: number;
}

export function encodeRecord(number: number, content: Uint8Array): readonly Uint8Array[] {
  const frame = Buffer.alloc(FRAME_BYTES);
  MARK.copy(frame, 0);
  frame.writeUInt32BE(number, 4);
  frame.writeUInt32BE(content.byteLength, 8);
  frame.writeUInt32BE(crc32(content, crc32(frame.subarray(4, 12))), 12);
  return [frame, content];
}

/** The record that begins at `at`; null when none does, or not the whole of it is in `bytes`. */
export function recordAt(bytes: Buffer, at: number): Omit<JournalRecord, 'end'> | null {
  if (at + FRAME_BYTES > bytes.length || !bytes.subarray(at, at + 4).equals(MARK)) return null;
  const length = bytes.readUInt32BE(at + 8);
  const end = at + FRAME_BYTES + length;
  if (length > LONGEST_CONTENT_BYTES || end > bytes.length) return null;
  const content = bytes.subarray(at + FRAME_BYTES, end);
  if (crc32(content, crc32(bytes.subarray(at + 4, at + 12))) !== bytes.readUInt32BE(at + 12)) return null;
  return { number: bytes.readUInt32BE(at + 4), content };
}

export interface SegmentReading {
  readonly records: readonly JournalRecord[];
  readonly damages: readonly Damage[];
  /** Bytes after the last record, of a write that was never acknowledged. */
  readonly tornBytes: number;
}

/** Reads a whole segment. What is not readable is told, never passed over in silence. */
export function readSegment(bytes: Buffer): SegmentReading {
  const records: JournalRecord[] = [];
  const damages: Damage[] = [];
  const begins = HEADING.length <= bytes.length && bytes.subarray(0, HEADING.length).equals(HEADING);
  let at = begins ? HEADING.length : 0;
  let expected = 1;
  while (at < bytes.length) {
    const found = nextRecord(bytes, at);
    if (found === null) return { records, damages, tornBytes: bytes.length - at };
    if (found.from > at || found.number !== expected) damages.push({ from: at, to: found.from });
    const end = found.from + FRAME_BYTES + found.content.length;
    records.push({ number: found.number, content: found.content, end });
    expected = found.number + 1;
    at = end;
  }
  return { records, damages, tornBytes: 0 };
}

function nextRecord(bytes: Buffer, at: number): (Omit<JournalRecord, 'end'> & { readonly from: number }) | null {
  for (let from = at; from >= 0 && from < bytes.length; from = bytes.indexOf(MARK, from + 1)) {
    const record = recordAt(bytes, from);
    if (record !== null) return { ...record, from };
  }
  return null;
}
