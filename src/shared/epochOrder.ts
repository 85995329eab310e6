import type { Plan } from './plan.ts';
import type { Random } from './random.ts';

/**
 * The order in which an epoch takes its images. `shuffle` takes each once. `balanced` takes as many in all, but as many of
 * each class as of any other (one more or less): the images of a class come once each, in an order drawn anew for every
 * time around, until the class has had its share.
 *
 * @param images numbers of the images
 * @param labelOf class of an image
 */
export function epochOrder(
  images: readonly number[],
  labelOf: (image: number) => number,
  sampling: Plan['sampling'],
  random: Random,
): number[] {
  if (sampling === 'shuffle') return random.shuffle([...images]);
  const classes = new Map<number, number[]>();
  for (const image of images) {
    const label = labelOf(image);
    classes.set(label, [...(classes.get(label) ?? []), image]);
  }
  // Which classes have the one more changes from epoch to epoch.
  const members = random.shuffle([...classes.values()]);
  const order = members.flatMap((own, position) => {
    const share = Math.floor((images.length + members.length - 1 - position) / members.length);
    return takeInTurns(own, share, random);
  });
  return random.shuffle(order);
}

function takeInTurns(images: readonly number[], count: number, random: Random): number[] {
  const taken: number[] = [];
  while (taken.length < count) taken.push(...random.shuffle([...images]).slice(0, count - taken.length));
  return taken;
}
