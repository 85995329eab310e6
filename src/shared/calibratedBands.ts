import type { DistanceBands } from './similarity.ts';

/**
 * Bands of networks, by the fingerprint of their statistics: as `node scripts/advisor/calibrateBands.mjs` finds them, before
 * any other images were looked at; those of MobileNetV2 from more kinds of shifted photographs.
 */
const CALIBRATED: Readonly<Record<string, { name: string; bands: DistanceBands }>> = {
  af062f8866fac11d: { name: 'digits_backbone', bands: { high: 0.043, low: 0.2 } },
  ab801c499a98ce04: { name: 'MobileNetV2 0.35, ImageNet', bands: { high: 0.15, low: 0.35 } },
};

/** Bands of the network with this fingerprint; null for one that was not calibrated. */
export function calibratedBands(fingerprint: string): DistanceBands | null {
  return Object.hasOwn(CALIBRATED, fingerprint) ? CALIBRATED[fingerprint].bands : null;
}
