import { arch, cpus } from 'node:os';
import sharp from 'sharp';
import { THAW_VERSION } from '../../shared/version.ts';

/**
 * What an image's pixels may depend on besides its file and how it is decoded: libraries choose their instructions by the
 * processor. Part of the keys of whatever is kept of images.
 */
export function decoderIdentity(): Record<string, unknown> {
  return { thaw: THAW_VERSION, libraries: sharp.versions, processor: `${arch()} ${cpus().at(0)?.model ?? ''}` };
}
