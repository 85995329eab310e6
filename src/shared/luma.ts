/**
 * The gray of a colour, 0 to 255: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601) in 16-bit fixed point, rounded, as Pillow
 * computes it. The three factors sum to 65536, so that grays stay as they are.
 */
export function luma(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 32768) >>> 16;
}
