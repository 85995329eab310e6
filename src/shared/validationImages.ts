import { t } from '@vscode/l10n';
import { formatCount, formatPoints } from './format.ts';
import { mcNemarOfCounts } from './statistics.ts';

/** Images to validate with. */
export interface ValidationImages {
  images: number;
  /** Of the class that has fewest of them. */
  smallestClass: number;
}

export interface ValidationWarning {
  code: 'fewValidationImages';
  text: string;
}

/** Of a smaller number per class not even the accuracy of the class says much. */
const LEAST_PER_CLASS = 20;
/** What fine-tuning often gains over a head alone: differences of this size should show. */
const USUAL_GAIN = 0.05;
const SIGNIFICANT = 0.05;

/** Counts images by class; a class without any counts too. */
export function countByClass(classes: number, images: readonly { classIndex: number }[]): ValidationImages {
  const counts = new Array<number>(classes).fill(0);
  for (const { classIndex } of images) counts[classIndex]++;
  return { images: images.length, smallestClass: classes === 0 ? 0 : Math.min(...counts) };
}

/** What a share of some images leaves to validate with: at least one of each class that has any. */
export function shareOfImages(data: ValidationImages, share: number): ValidationImages {
  const smallestClass = Math.min(data.smallestClass, Math.max(1, Math.round(data.smallestClass * share)));
  return { images: Math.max(smallestClass, Math.round(data.images * share)), smallestClass };
}

/**
 * The least gain in accuracy (0 to 1) that so many images can tell from chance: one model has right all that the other has, and
 * just so many more that McNemar's exact test finds it significant. A smaller gain cannot be significant, whatever happens;
 * a larger one may still not be, where the two are wrong on different images. 1 without images.
 */
export function leastTellableGain(images: number): number {
  let more = 1;
  while (mcNemarOfCounts(more, 0) >= SIGNIFICANT) more++;
  return images === 0 ? 1 : Math.min(1, more / images);
}

/** Where the images to validate with are too few for what they are to show; one warning at most. */
export function validationWarnings({ images, smallestClass }: ValidationImages): ValidationWarning[] {
  const gain = leastTellableGain(images);
  const [all, smallest] = [formatCount(images), formatCount(smallestClass)];
  if (gain > USUAL_GAIN) {
    const text =
      images === 1
        ? t(
            'About 1 image validates the training: a gain under {0} cannot be told from chance. Cross-validate, or hold out more.',
            formatPoints(gain),
          )
        : t(
            'About {0} images validate the training, {1} of them of the smallest class: a gain under {2} cannot be told from chance. Cross-validate, or hold out more.',
            all,
            smallest,
            formatPoints(gain),
          );
    return [{ code: 'fewValidationImages', text }];
  }
  if (smallestClass >= LEAST_PER_CLASS) return [];
  const text = t(
    'About {0} images validate the training, but only {1} of the smallest class: read the accuracy of a class with its interval.',
    all,
    smallest,
  );
  return [{ code: 'fewValidationImages', text }];
}
