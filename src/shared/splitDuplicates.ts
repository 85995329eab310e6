import { t } from '@vscode/l10n';
import type { DataSummary, Split } from './dataSummary.ts';

/** What is known of an image that may be in two splits. */
export interface SplitImage {
  file: string;
  split: Split;
}

type AcrossSplits = NonNullable<DataSummary['acrossSplits']>;

export interface SplitWarning {
  code: 'nearDuplicates';
  text: string;
}

/** What is judged by comes after what is trained on. */
const RANK: Record<Split, number> = { train: 0, validation: 1, test: 2 };

/**
 * Counts images to judge by that look nearly the same as one that was trained on or chosen by. Of two the one in the later
 * split counts, each once, and the first is named.
 */
export class SplitDuplicates<T extends SplitImage> {
  private readonly found = new Map<T, T>();

  /** Whether two images need not be compared. */
  isSettled(a: T, b: T): boolean {
    return a.split === b.split || this.found.has(laterOf(a, b));
  }

  add(a: T, b: T): void {
    const later = laterOf(a, b);
    this.found.set(later, later === a ? b : a);
  }

  /** Null where none was found. */
  get result(): AcrossSplits | null {
    const [first] = this.found;
    if (!first) return null;
    const [{ file, split }, { file: like, split: likeSplit }] = first;
    return { images: this.found.size, file, split, like, likeSplit };
  }
}

function laterOf<T extends SplitImage>(a: T, b: T): T {
  return RANK[a.split] > RANK[b.split] ? a : b;
}

/** What images that are in two splits mean; nothing where there are none. */
export function splitDuplicateWarnings(found: DataSummary['acrossSplits']): SplitWarning[] {
  if (!found) return [];
  const { images, file, split, like, likeSplit } = found;
  const text =
    images === 1
      ? t(
          '1 image to judge by looks nearly the same as an image of another split, so accuracy on it is not honest: {0} ({1}) is like {2} ({3}). Remove it from one of them.',
          file,
          split,
          like,
          likeSplit,
        )
      : t(
          '{0} images to judge by look nearly the same as images of another split, so accuracy on them is not honest: the first, {1} ({2}), is like {3} ({4}). Remove them from one of the two.',
          images,
          file,
          split,
          like,
          likeSplit,
        );
  return [{ code: 'nearDuplicates', text }];
}
