/**
 * Draws media/icon.png, the picture of the extension in lists, from media/icon.svg: a marketplace takes no SVG.
 *
 *   node scripts/renderIcon.mjs
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { root } from './lib/project.mjs';

/** Twice the least size, for screens with dense pixels. */
const SIZE = 256;

const drawing = readFileSync(join(root, 'media', 'icon.svg'));
await sharp(drawing, { density: 144 })
  .resize(SIZE, SIZE)
  .png({ compressionLevel: 9 })
  .toFile(join(root, 'media', 'icon.png'));
