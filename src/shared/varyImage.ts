import { type Region, settled, type Variant } from './augmentation.ts';
import { changeColors } from './colorChanges.ts';

/**
 * Makes a variant of an image: window, mirroring and rotation in one step, then the colours, then the part that is
 * erased. Uses nothing but arithmetic that every machine does alike, so the result is the same everywhere, bit for bit.
 *
 * - Pixels are points: the first and the last of a row are its ends, as for `tf.image.cropAndResize`. Values between
 *   them are bilinear.
 * - A rotation shows what lies around the window. Where even the image ends, it goes on mirrored at its edge, as in
 *   fastai (`pad_mode` reflection); `RandomRotation` of torchvision leaves black corners, which no photograph has.
 * - The erased part has the mean of the variant in each channel, in place of the random values of Random Erasing
 *   (arXiv 1708.04896): no range of a network need be known, and light and contrast of the whole stay.
 *
 * @param pixels [height, width, channels] with 1 or 3 channels, 0 to 255, red first; stays as it is
 * @returns pixels of the same shape; `pixels` itself where nothing changes
 */
export function varyImage(
  pixels: Uint8Array,
  { height, width }: { height: number; width: number },
  variant: Variant,
): Uint8Array {
  const channels = pixels.length / (height * width);
  const source: Image = { pixels, height, width, channels };
  const moved = isMoved(variant) ? sample(source, affineMap(variant, height, width)) : pixels;
  const { colors, erased } = variant;
  if (colors.length === 0 && !erased) return moved;
  const changed = moved === pixels ? pixels.slice() : moved;
  changeColors(changed, channels, colors);
  if (erased) erase({ ...source, pixels: changed }, erased);
  return changed;
}

interface Image {
  pixels: Uint8Array;
  height: number;
  width: number;
  channels: number;
}

/** From a place in the variant to one in the image, both in pixels from the middle of the first one. */
interface AffineMap {
  /** Where the first pixel comes from. */
  x: number;
  y: number;
  /** How much further the next pixel of a row, and the one below, come from. */
  columnX: number;
  columnY: number;
  rowX: number;
  rowY: number;
}

function isMoved({ window, mirrored, angle }: Variant): boolean {
  return mirrored || angle !== 0 || window.height !== 1 || window.width !== 1;
}

function affineMap({ window, mirrored, angle }: Variant, height: number, width: number): AffineMap {
  const [lastRow, lastColumn] = [height - 1, width - 1];
  const radians = (angle * Math.PI) / 180;
  const [cosine, sine] = [settled(Math.cos(radians)), settled(Math.sin(radians))];
  const scaleX = mirrored ? -window.width : window.width;
  const columnX = scaleX * cosine;
  const columnY = window.height * sine;
  const rowX = -scaleX * sine;
  const rowY = window.height * cosine;
  const middleX = (window.left + window.width / 2) * lastColumn;
  const middleY = (window.top + window.height / 2) * lastRow;
  return {
    x: middleX - (columnX * lastColumn + rowX * lastRow) / 2,
    y: middleY - (columnY * lastColumn + rowY * lastRow) / 2,
    ...{ columnX, columnY, rowX, rowY },
  };
}

function sample(image: Image, map: AffineMap): Uint8Array {
  const { pixels, height, width, channels } = image;
  const out = new Uint8Array(pixels.length);
  const [lastRow, lastColumn] = [height - 1, width - 1];
  let at = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = reflected(map.x + column * map.columnX + row * map.rowX, lastColumn);
      const y = reflected(map.y + column * map.columnY + row * map.rowY, lastRow);
      const left = Math.floor(x);
      const top = Math.floor(y);
      const right = left < lastColumn ? channels : 0;
      const below = top < lastRow ? width * channels : 0;
      const shareX = x - left;
      const shareY = y - top;
      let from = (top * width + left) * channels;
      for (let channel = 0; channel < channels; channel++, from++) {
        const upper = pixels[from] + (pixels[from + right] - pixels[from]) * shareX;
        const lower = pixels[from + below] + (pixels[from + below + right] - pixels[from + below]) * shareX;
        out[at++] = upper + (lower - upper) * shareY + 0.5;
      }
    }
  }
  return out;
}

/** A place beyond the first or last pixel, mirrored back at it. */
function reflected(position: number, last: number): number {
  if (position >= 0 && position <= last) return position;
  if (last === 0) return 0;
  const distance = Math.abs(position) % (2 * last);
  return distance <= last ? distance : 2 * last - distance;
}

/** Covers a part, rounded down to whole pixels, with the mean of each channel. */
function erase({ pixels, height, width, channels }: Image, region: Region): void {
  const top = Math.round(region.top * height);
  const bottom = top + Math.floor(region.height * height);
  const start = Math.round(region.left * width);
  const end = start + Math.floor(region.width * width);
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    for (let at = channel; at < pixels.length; at += channels) sum += pixels[at];
    const mean = Math.round(sum / (height * width));
    for (let row = top; row < bottom; row++) {
      for (let column = start; column < end; column++) pixels[(row * width + column) * channels + channel] = mean;
    }
  }
}
