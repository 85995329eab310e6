import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  cachedVariants,
  drawVariant,
  resolveAugmentation,
  settled,
  UNCHANGED,
  type Variant,
} from '../../src/shared/augmentation.ts';
import { AUGMENT_PRESETS } from '../../src/shared/plan.ts';
import { Random } from '../../src/shared/random.ts';

const upTo = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true });
const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const settings = fc.record({ flip: fc.boolean(), crop: upTo(0.5), rotate: upTo(45), color: upTo(1), erase: upTo(0.5) });
const angles = fc.double({ min: -1, max: 1, noNaN: true });
const off = { flip: false, crop: 0, rotate: 0, color: 0, erase: 0 };
const all = { flip: true, crop: 0.5, rotate: 45, color: 1, erase: 0.5 };

/** Variants of one stream. */
function draws(count: number, augmentation: typeof off): Variant[] {
  const random = Random.seeded(1, 'test');
  return Array.from({ length: count }, () => drawVariant(random, augmentation));
}

describe('resolveAugmentation', () => {
  it('knows the presets', () => {
    expect(resolveAugmentation('none')).toEqual({ ...off, variants: 1 });
    expect(resolveAugmentation('light')).toEqual({ ...off, flip: true, crop: 0.1, variants: 2 });
    const medium = { flip: true, crop: 0.15, rotate: 10, color: 0.2, erase: 0, variants: 4 };
    expect(resolveAugmentation('medium')).toEqual(medium);
    const strong = { flip: true, crop: 0.25, rotate: 15, color: 0.4, erase: 0.33, variants: 4 };
    expect(resolveAugmentation('strong')).toEqual(strong);
  });

  it('lets the presets grow', () => {
    const known = AUGMENT_PRESETS.map((name) => resolveAugmentation(name));
    for (const key of ['flip', 'crop', 'rotate', 'color', 'erase', 'variants'] as const) {
      const values = known.map((preset) => Number(preset[key]));
      expect(values).toEqual([...values].sort((a, b) => a - b));
    }
  });

  it.each([
    [{}, 1],
    [{ flip: false, crop: 0 }, 1],
    [{ crop: 0, variants: 5 }, 1],
    [{ flip: true }, 2],
    [{ flip: true, crop: 0 }, 2],
    [{ flip: true, variants: 5 }, 2],
    [{ flip: true, variants: 1 }, 1],
    [{ crop: 0.2 }, 4],
    [{ flip: true, crop: 0.2 }, 4],
    [{ rotate: 5 }, 4],
    [{ color: 0.1 }, 4],
    [{ erase: 0.1 }, 4],
    [{ flip: true, crop: 0.2, variants: 7 }, 7],
    [{ erase: 0.1, variants: 64 }, 64],
    [{ rotate: 5, variants: 'recompute' as const }, 'recompute'],
    [{ flip: true, variants: 'recompute' as const }, 'recompute'],
  ])('%j has the variants %s, and what it does not name is off', (setting, variants) => {
    expect(resolveAugmentation(setting)).toEqual({ ...off, ...setting, variants });
  });
});

describe('drawVariant', () => {
  it('keeps to its settings', () => {
    fc.assert(
      fc.property(settings, seed, (augmentation, number) => {
        const { window, mirrored, angle, colors } = drawVariant(Random.seeded(number, 'test'), augmentation);
        expect(window.height).toBe(window.width);
        expect(window.height).toBeGreaterThanOrEqual(1 - augmentation.crop - 1e-12);
        expect(Math.min(window.top, window.left)).toBeGreaterThanOrEqual(0);
        expect(window.top + window.height).toBeLessThanOrEqual(1 + 1e-12);
        expect(window.left + window.width).toBeLessThanOrEqual(1 + 1e-12);
        if (!augmentation.flip) expect(mirrored).toBe(false);
        expect(Math.abs(angle)).toBeLessThanOrEqual(augmentation.rotate);
        for (const { factor } of colors) expect(Math.abs(factor - 1)).toBeLessThanOrEqual(augmentation.color + 1e-12);
        expect(new Set(colors.map(({ kind }) => kind)).size).toBe(augmentation.color > 0 ? 3 : 0);
      }),
    );
  });

  it('erases a rectangle inside the image, no larger and no longer than it may be', () => {
    fc.assert(
      fc.property(upTo(0.5), seed, (erase, number) => {
        const { erased } = drawVariant(Random.seeded(number, 'test'), { ...off, erase });
        if (!erased) return;
        const area = erased.height * erased.width;
        expect(area).toBeLessThanOrEqual(erase + 1e-9);
        expect(area).toBeGreaterThanOrEqual(Math.min(0.02, erase) - 1e-9);
        expect(Math.abs(Math.log(erased.height / erased.width))).toBeLessThanOrEqual(Math.log(3.3) + 1e-6);
        expect(Math.min(erased.top, erased.left)).toBeGreaterThanOrEqual(0);
        expect(erased.top + erased.height).toBeLessThanOrEqual(1 + 1e-12);
        expect(erased.left + erased.width).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  it('is the image as it is where nothing varies', () => {
    for (const variant of draws(50, off)) expect(variant).toEqual(UNCHANGED);
  });

  it('mirrors and erases in half of the draws', () => {
    const variants = draws(400, { ...off, flip: true, erase: 0.3 });
    for (const happened of [variants.filter((v) => v.mirrored).length, variants.filter((v) => v.erased).length]) {
      expect(happened).toBeGreaterThan(150);
      expect(happened).toBeLessThan(250);
    }
  });

  it('reaches all corners, sizes, angles, factors and orders', () => {
    const variants = draws(600, all);
    const range = (values: number[]): number[] => [Math.min(...values), Math.max(...values)];
    const windows = variants.map(({ window }) => window);
    expect(range(windows.map(({ height }) => height))).toEqual([expect.closeTo(0.5, 1), expect.closeTo(1, 1)]);
    expect(range(windows.map(({ top }) => top))[1]).toBeGreaterThan(0.35);
    expect(range(windows.map(({ left }) => left))[1]).toBeGreaterThan(0.35);
    expect(windows.some(({ top, left }) => top > 0.2 && left < 0.05)).toBe(true);
    expect(range(variants.map(({ angle }) => angle / 45))).toEqual([expect.closeTo(-1, 1), expect.closeTo(1, 1)]);
    for (const kind of ['brightness', 'contrast', 'saturation']) {
      const factors = variants.flatMap(({ colors }) => colors.filter((color) => color.kind === kind));
      expect(range(factors.map(({ factor }) => factor))).toEqual([expect.closeTo(0, 1), expect.closeTo(2, 1)]);
    }
    expect(new Set(variants.map(({ colors }) => colors.map(({ kind }) => kind).join())).size).toBe(6);
    const erased = variants.flatMap((variant) => variant.erased ?? []);
    expect(range(erased.map(({ height, width }) => height * width))).toEqual([
      expect.closeTo(0.02, 1),
      expect.closeTo(0.5, 1),
    ]);
    const elongations = range(erased.map(({ height, width }) => height / width));
    expect(elongations[0]).toBeLessThan(0.4);
    expect(elongations[1]).toBeGreaterThan(2.5);
    expect(Math.max(...erased.map(({ top, height }) => top + height))).toBeGreaterThan(0.95);
    expect(Math.min(...erased.map(({ left }) => left))).toBeLessThan(0.05);
  });

  it('takes the same numbers whatever the settings, and each setting its own', () => {
    fc.assert(
      fc.property(settings, seed, (augmentation, number) => {
        const [random, other] = [Random.seeded(number, 'test'), Random.seeded(number, 'test')];
        const variant = drawVariant(random, augmentation);
        for (let draw = 0; draw < 15; draw++) other.uint32();
        expect(random.save()).toEqual(other.save());
        const alone = (keys: Partial<typeof off>): Variant =>
          drawVariant(Random.seeded(number, 'test'), { ...off, ...keys });
        const { flip, crop, rotate, color, erase } = augmentation;
        expect(alone({ flip, crop })).toMatchObject({ window: variant.window, mirrored: variant.mirrored });
        expect(alone({ rotate }).angle).toBe(variant.angle);
        expect(alone({ color }).colors).toEqual(variant.colors);
        expect(alone({ erase }).erased).toEqual(variant.erased);
      }),
    );
  });
});

describe('settled', () => {
  it('does away with the last bits, in which machines differ', () => {
    fc.assert(
      fc.property(seed, angles, (number, angle) => {
        const value = Math.sin(angle);
        expect(settled(value * (1 + 4 * Number.EPSILON))).toBe(settled(value));
        expect(settled(value)).toBeCloseTo(value, 9);
        const exact = drawVariant(Random.seeded(number, 'test'), all);
        const exp = Math.exp.bind(Math);
        const inexact = vi.spyOn(Math, 'exp').mockImplementation((x) => exp(x) * (1 + 2 * Number.EPSILON));
        const other = drawVariant(Random.seeded(number, 'test'), all);
        const calls = inexact.mock.calls.length;
        inexact.mockRestore();
        expect(other).toEqual(exact);
        expect(calls).toBe(1);
      }),
      { seed: 1 },
    );
  });
});

describe('cachedVariants', () => {
  const strong = resolveAugmentation('strong');

  it('starts with the image as it is and depends on seed and image alone', () => {
    const variants = cachedVariants(strong, 4, 42, 7);
    expect(variants).toHaveLength(4);
    expect(variants[0]).toEqual(UNCHANGED);
    expect(new Set(variants.map((variant) => JSON.stringify(variant))).size).toBe(4);
    expect(cachedVariants(strong, 4, 42, 7)).toEqual(variants);
    expect(cachedVariants(strong, 6, 42, 7).slice(0, 4)).toEqual(variants);
    expect(cachedVariants(strong, 4, 42, 8)).not.toEqual(variants);
    expect(cachedVariants(strong, 4, 43, 7)).not.toEqual(variants);
  });

  it('is the image and its mirror image where only flips vary', () => {
    expect(cachedVariants({ ...off, flip: true }, 2, 1, 0)).toEqual([UNCHANGED, { ...UNCHANGED, mirrored: true }]);
    expect(cachedVariants(off, 1, 1, 0)).toEqual([UNCHANGED]);
    expect(cachedVariants(strong, 1, 1, 0)).toEqual([UNCHANGED]);
  });
});
