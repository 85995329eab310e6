/** Which test images a plan has right, as hexadecimal digits of four images each, the first image as the highest bit. */
export function packAnswers(correct: readonly boolean[]): string {
  let digits = '';
  for (let start = 0; start < correct.length; start += 4) {
    const bits = [0, 1, 2, 3].map((place) => Number(correct[start + place] ?? false));
    digits += bits.reduce((sum, bit) => 2 * sum + bit, 0).toString(16);
  }
  return digits;
}

/** The answers to so many images that `packAnswers` has packed. */
export function unpackAnswers(digits: string, images: number): boolean[] {
  return Array.from({ length: images }, (_, image) => {
    const digit = Number.parseInt(digits[Math.floor(image / 4)], 16);
    return ((digit >> (3 - (image % 4))) & 1) === 1;
  });
}
