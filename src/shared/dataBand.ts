/** How much data there is, in the classes of the advisor's map. */
export interface DataBand {
  images: number;
  /** Images of the smallest and largest class. */
  smallestClass: number;
  largestClass: number;
  band: 'low' | 'middle' | 'high';
  /** Middle counts as low. */
  quadrantData: 'low' | 'high';
  /** Near enough to the border that the neighbouring recommendation is worth a look. */
  borderline: boolean;
  /** Too few images of a class to train more than a head. */
  tiny: boolean;
}

const TINY_CLASS = 20;
const MIDDLE_CLASS = 200;
const LARGE_CLASS = 500;
const ENOUGH_IMAGES = 1000;

/** Judges the images per class by the smallest class; fewer than a thousand images in all are few in any case. */
export function dataBand(perClass: readonly number[]): DataBand {
  const images = perClass.reduce((sum, count) => sum + count, 0);
  const smallestClass = perClass.length === 0 ? 0 : Math.min(...perClass);
  const largestClass = Math.max(0, ...perClass);
  const band = images < ENOUGH_IMAGES ? 'low' : bandOfClass(smallestClass);
  return {
    images,
    smallestClass,
    largestClass,
    band,
    quadrantData: band === 'high' ? 'high' : 'low',
    borderline: band === 'middle',
    tiny: smallestClass < TINY_CLASS,
  };
}

function bandOfClass(images: number): DataBand['band'] {
  if (images < MIDDLE_CLASS) return 'low';
  return images < LARGE_CLASS ? 'middle' : 'high';
}
