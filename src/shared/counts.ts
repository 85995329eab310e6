import { t } from '@vscode/l10n';
import { formatCount } from './format.ts';

/*
 * Numbers of things as they stand for themselves, in a list or as a label. A sentence about a number is written out as a
 * whole, once for one and once for several: what changes with the number differs from language to language.
 */

/** `1 image`, `720 images`. */
export function countImages(count: number): string {
  return count === 1 ? t('1 image') : t('{0} images', formatCount(count));
}

/** `1 class`, `12 classes`. */
export function countClasses(count: number): string {
  return count === 1 ? t('1 class') : t('{0} classes', formatCount(count));
}

/** `1 block`, `19 blocks`. */
export function countBlocks(count: number): string {
  return count === 1 ? t('1 block') : t('{0} blocks', formatCount(count));
}

/** `1 layer`, `8 layers`. */
export function countLayers(count: number): string {
  return count === 1 ? t('1 layer') : t('{0} layers', formatCount(count));
}
