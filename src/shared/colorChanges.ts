import type { ColorChange } from './augmentation.ts';
import { luma } from './luma.ts';

/**
 * Changes the colours of an image in place, one change after the other, as `adjust_brightness`, `adjust_contrast` and
 * `adjust_saturation` of torchvision do. After each change values are rounded to the nearest whole number (torchvision
 * cuts the fraction off, which darkens) and kept within 0 and 255. Saturation leaves gray images alone.
 *
 * @param pixels [height, width, channels] with 1 or 3 channels, red first
 */
export function changeColors(pixels: Uint8Array, channels: number, changes: readonly ColorChange[]): void {
  for (const { kind, factor } of changes) {
    if (kind === 'brightness') scaleAround(0, factor, pixels);
    else if (kind === 'contrast') scaleAround(meanGray(pixels, channels), factor, pixels);
    else if (channels === 3) saturate(pixels, factor);
  }
}

function scaleAround(center: number, factor: number, pixels: Uint8Array): void {
  // A clamped array rounds what is assigned to it and keeps it within 0 and 255.
  const table = Uint8ClampedArray.from({ length: 256 }, (_, value) => center + factor * (value - center));
  for (let at = 0; at < pixels.length; at++) pixels[at] = table[pixels[at]];
}

function meanGray(pixels: Uint8Array, channels: number): number {
  let sum = 0;
  if (channels === 1) for (const value of pixels) sum += value;
  else for (let at = 0; at < pixels.length; at += 3) sum += luma(pixels[at], pixels[at + 1], pixels[at + 2]);
  return sum / (pixels.length / channels);
}

function saturate(pixels: Uint8Array, factor: number): void {
  const clamped = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length);
  for (let at = 0; at < clamped.length; at += 3) {
    const [red, green, blue] = [clamped[at], clamped[at + 1], clamped[at + 2]];
    const gray = luma(red, green, blue);
    clamped[at] = gray + factor * (red - gray);
    clamped[at + 1] = gray + factor * (green - gray);
    clamped[at + 2] = gray + factor * (blue - gray);
  }
}
