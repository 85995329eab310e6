import { existsSync } from 'node:fs';
import { RunFolder } from '../../node/runFolder.ts';
import { readRunSplit, splitImagePath } from '../../node/splitFile.ts';
import { ThawError } from '../../shared/errors.ts';
import type { JudgedSet } from './labelledImages.ts';

/**
 * The images that a run was validated with, as it recorded them.
 *
 * @throws ThawError `heldOutUnknown` for a model without a run, or a run without a record; `heldOutMissing` where none of
 *   the images is there any more; `dataClassUnknown`, `runDamaged`
 */
export async function openHeldOut(path: string, classes: readonly string[]): Promise<JudgedSet> {
  const split = await readRunSplit(new RunFolder(path));
  if (!split || split.validation.length === 0) throw new ThawError({ reason: 'heldOutUnknown', path });
  const numbers = new Map(classes.map((name, index) => [name, index]));
  const examples = split.validation.map((image) => {
    const classIndex = numbers.get(image.class);
    if (classIndex === undefined) {
      throw new ThawError({ reason: 'dataClassUnknown', className: image.class, path, known: [...classes] });
    }
    return { file: splitImagePath(split, image), classIndex };
  });
  if (!examples.some(({ file }) => existsSync(file))) {
    throw new ThawError({ reason: 'heldOutMissing', path, first: examples[0].file });
  }
  return { examples, judgedOn: 'heldOut', problems: [] };
}
