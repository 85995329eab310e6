import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** The hash of the content of a file, in hexadecimal. Throws the error of the file system. */
export async function fileHash(path: string, algorithm: 'sha256' | 'md5'): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
