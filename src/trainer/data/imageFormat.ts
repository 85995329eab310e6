/** The image formats that are read. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'bmp';

const PNG_SIGNATURE = '\x89PNG\r\n\x1a\n';
/** Sizes of the header after a BMP's first 14 bytes that exist in the wild. */
const BMP_HEADER_SIZES = new Set([12, 16, 40, 52, 56, 64, 108, 124]);

/** The format of an image by its first bytes, whatever its name says; null if it is none of those that are read. */
export function imageFormat(bytes: Uint8Array): ImageFormat | null {
  const start = latin1(bytes, 0, 16);
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith(PNG_SIGNATURE)) return 'png';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  if (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP') return 'webp';
  if (/^(II[*+]\0|MM\0[*+])/.test(start)) return 'tiff';
  if (start.startsWith('BM') && BMP_HEADER_SIZES.has(bytes[14] ?? 0)) return 'bmp';
  return null;
}

/** Why bytes without a known format cannot be read, in words. */
export function describeForeignFile(bytes: Uint8Array): string {
  const start = latin1(bytes, 0, 1024);
  if (start.slice(4, 8) === 'ftyp') {
    const isPicture = /^(hei|hev|mif|msf|avi)/.test(start.slice(8, 12));
    return isPicture ? 'it is a HEIC or AVIF image, a format that is not supported' : 'it is a video';
  }
  if (start.includes('<svg')) return 'it is an SVG drawing, a format that is not supported';
  return 'it is not an image, or of a format that is not supported';
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
