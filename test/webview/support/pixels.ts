import type { Page } from 'playwright-core';

/** Pixels of each canvas that have a colour, such as `#89d185`. */
export async function pixelsOf(page: Page, color: string): Promise<number[]> {
  return page.evaluate((wanted) => {
    const parts = [1, 3, 5].map((start) => parseInt(wanted.slice(start, start + 2), 16));
    return [...document.querySelectorAll('canvas')].map((canvas) => {
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      let count = 0;
      for (let index = 0; index < pixels.length; index += 4) {
        if (pixels[index + 3] > 250 && parts.every((part, channel) => Math.abs(pixels[index + channel] - part) < 8)) {
          count++;
        }
      }
      return count;
    });
  }, color);
}
