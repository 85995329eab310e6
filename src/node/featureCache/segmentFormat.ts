import { createHash } from 'node:crypto';

/**
 * A segment is a file of records of one size: a head, then chunks that are appended one after the other, each an index and
 * its records. Numbers are little-endian.
 *
 *     head   64 bytes: 'THAWREC1', size of a record (u32), 4 bytes of nothing, key of the segment (32), checksum (16)
 *     chunk  'CHNK', number of records (u32), 8 bytes of nothing, checksum (16) of number and index,
 *            index: for each record its key (32) and its checksum (16), then the records
 *
 * A checksum is the first half of SHA-256. That of a record covers its key as well, so that no record passes for another.
 */
export const HEAD_BYTES = 64;
export const CHUNK_HEAD_BYTES = 32;
export const ENTRY_BYTES = 48;

const KEY_BYTES = 32;
const CHECKSUM_BYTES = 16;
const MAGIC = 'THAWREC1';
const CHUNK_MAGIC = 'CHNK';
const [SIZE_AT, KEY_AT, COUNT_AT, CHUNK_CHECKSUM_AT] = [8, 16, 4, 16];

/** Where a record is, and what it must be. */
export interface Entry {
  /** In hexadecimal. */
  key: string;
  /** From the start of the file. */
  offset: number;
  checksum: Buffer;
}

/** The head of a segment; `key` has 64 hexadecimal digits. */
export function encodeHead(key: string, recordBytes: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(MAGIC, 'latin1');
  head.writeUInt32LE(recordBytes, SIZE_AT);
  head.write(key, KEY_AT, 'hex');
  checksumOf(head.subarray(0, HEAD_BYTES - CHECKSUM_BYTES)).copy(head, HEAD_BYTES - CHECKSUM_BYTES);
  return head;
}

/** Whether these are the first bytes of a segment with this key and size of records. */
export function isHeadOf(bytes: Buffer, key: string, recordBytes: number): boolean {
  return bytes.equals(encodeHead(key, recordBytes));
}

/** A chunk of records, with where each of them is if the chunk starts at `offset`. */
export function encodeChunk(
  records: readonly { key: string; bytes: Uint8Array }[],
  offset: number,
): { chunk: Buffer; entries: Entry[] } {
  const index = Buffer.alloc(CHUNK_HEAD_BYTES + records.length * ENTRY_BYTES);
  index.write(CHUNK_MAGIC, 'latin1');
  index.writeUInt32LE(records.length, COUNT_AT);
  let at = offset + index.length;
  const entries = records.map(({ key, bytes }, position): Entry => {
    const start = CHUNK_HEAD_BYTES + position * ENTRY_BYTES;
    index.write(key, start, 'hex');
    const checksum = recordChecksum(key, bytes);
    checksum.copy(index, start + KEY_BYTES);
    const entry = { key, offset: at, checksum };
    at += bytes.byteLength;
    return entry;
  });
  indexChecksum(index).copy(index, CHUNK_CHECKSUM_AT);
  return { chunk: Buffer.concat([index, ...records.map(({ bytes }) => bytes)]), entries };
}

/** Number of records in a chunk, from its first bytes; null where they are not those of a chunk. */
export function chunkCount(bytes: Buffer): number | null {
  if (bytes.length < CHUNK_HEAD_BYTES || bytes.toString('latin1', 0, COUNT_AT) !== CHUNK_MAGIC) return null;
  return bytes.readUInt32LE(COUNT_AT);
}

/** The entries of a chunk from its head and index; null where they are damaged. */
export function decodeIndex(index: Buffer, offset: number, recordBytes: number): Entry[] | null {
  if (!indexChecksum(index).equals(index.subarray(CHUNK_CHECKSUM_AT, CHUNK_HEAD_BYTES))) return null;
  const count = (index.length - CHUNK_HEAD_BYTES) / ENTRY_BYTES;
  return Array.from({ length: count }, (_, position) => {
    const start = CHUNK_HEAD_BYTES + position * ENTRY_BYTES;
    return {
      key: index.toString('hex', start, start + KEY_BYTES),
      offset: offset + index.length + position * recordBytes,
      checksum: index.subarray(start + KEY_BYTES, start + ENTRY_BYTES),
    };
  });
}

/** What a record must have for its checksum. */
export function recordChecksum(key: string, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(key, 'hex').update(bytes).digest().subarray(0, CHECKSUM_BYTES);
}

function indexChecksum(index: Buffer): Buffer {
  return checksumOf(index.subarray(0, CHUNK_CHECKSUM_AT), index.subarray(CHUNK_HEAD_BYTES));
}

function checksumOf(...parts: Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest().subarray(0, CHECKSUM_BYTES);
}
