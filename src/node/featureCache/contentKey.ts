import { createHash } from 'node:crypto';

/**
 * SHA-256, in hexadecimal, of a value as JSON. The order in which the keys of an object were set does not count; keys
 * without a value are left out. Numbers that JSON lacks are told apart by their names.
 */
export function contentKey(value: unknown): string {
  return sha256(JSON.stringify(value, ordered) ?? '');
}

/** SHA-256 of some content, in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function ordered(_: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
