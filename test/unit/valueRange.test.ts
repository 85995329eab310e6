import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VALUE_RANGES } from '../../src/shared/plan.ts';
import { rangeTransform, toNetworkRange } from '../../src/shared/valueRange.ts';

function expectClose(values: Float32Array, expected: number[]): void {
  expect(values).toHaveLength(expected.length);
  expected.forEach((value, index) => expect(values[index]).toBeCloseTo(value, 4));
}

describe('toNetworkRange', () => {
  /** Two pixels, red first. */
  const pixels = Uint8Array.of(0, 51, 255, 100, 150, 200);

  it.each([
    ['-1..1', [-1, -0.6, 1, 100 / 127.5 - 1, 150 / 127.5 - 1, 200 / 127.5 - 1]],
    ['0..1', [0, 0.2, 1, 100 / 255, 150 / 255, 200 / 255]],
    ['0..255', [0, 51, 255, 100, 150, 200]],
    ['imagenet', [-2.117904, -1.142857, 2.64, -0.405429, 0.590336, 1.681394]],
    ['caffe', [151.061, -65.779, -123.68, 96.061, 33.221, -23.68]],
  ] as const)('%s', (range, expected) => {
    expectClose(toNetworkRange(pixels, 3, range), [...expected]);
    expect(toNetworkRange(Float32Array.from(pixels), 3, range)).toEqual(toNetworkRange(pixels, 3, range));
  });

  it.each([
    ['-1..1', [-1, -0.6, 1]],
    ['0..1', [0, 0.2, 1]],
    ['0..255', [0, 51, 255]],
    ['imagenet', [0, 0.2, 1].map((value) => (value - 0.449) / 0.226)],
    ['caffe', [0, 51, 255].map((value) => value - 344.398 / 3)],
  ] as const)('%s with one channel', (range, expected) => {
    expectClose(toNetworkRange(Uint8Array.of(0, 51, 255), 1, range), [...expected]);
  });

  it('reaches the ends of a range exactly', () => {
    const ends = Uint8Array.of(0, 255, 0);
    expect([...toNetworkRange(ends, 3, '-1..1')]).toEqual([-1, 1, -1]);
    expect([...toNetworkRange(ends, 3, '0..1')]).toEqual([0, 1, 0]);
  });

  it('does what rangeTransform says', () => {
    const image = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(image, fc.constantFrom(...VALUE_RANGES), (pixel, range) => {
        const { scale, shift, channelOrder } = rangeTransform(range, 3);
        const expected = channelOrder.map((source, channel) => pixel[source] * scale[channel] + shift[channel]);
        expectClose(toNetworkRange(Uint8Array.from(pixel), 3, range), expected);
        expect([...channelOrder].sort()).toEqual([0, 1, 2]);
      }),
    );
  });

  it('refuses other numbers of channels', () => {
    expect(() => toNetworkRange(new Uint8Array(4), 4, '0..1')).toThrow('pixels with 4 channels have no value range');
  });
});
