import sharp from 'sharp';
import { Random } from '../../src/shared/random.ts';
import { bmp } from './imageFiles.ts';

const WIDTH = 180;
const HEIGHT = 135;

/** Random colours at several scales, so that both edges and even areas are decoded. */
async function pixels(seed: number): Promise<Buffer> {
  const random = Random.seeded(seed, 'photograph');
  const layer = (side: number): Promise<Buffer> => {
    const raw = { width: side, height: side, channels: 3 } as const;
    const colours = Uint8Array.from({ length: side * side * 3 }, () => random.below(256));
    return sharp(colours, { raw }).resize(WIDTH, HEIGHT, { fit: 'fill' }).raw().toBuffer();
  };
  const layers = await Promise.all([4, 12, 40].map(layer));
  return Buffer.from(layers[0].map((value, at) => Math.round((4 * value + 2 * layers[1][at] + layers[2][at]) / 7)));
}

/**
 * One picture in every format that is read, by the ending of its file. It is wider than high and of no round size, so
 * that it has to be resized.
 */
export async function photographs(seed: number): Promise<Record<string, Buffer>> {
  const rgb = await pixels(seed);
  const image = sharp(rgb, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
  return {
    jpg: await image.clone().jpeg({ quality: 85 }).toBuffer(),
    png: await image.clone().png().toBuffer(),
    webp: await image.clone().webp({ quality: 85 }).toBuffer(),
    gif: await image.clone().gif().toBuffer(),
    bmp: bmp(rgb, WIDTH, HEIGHT),
    tif: await image.clone().tiff({ compression: 'lzw' }).toBuffer(),
  };
}
