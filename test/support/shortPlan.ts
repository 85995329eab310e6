import { readFile, writeFile } from 'node:fs/promises';
import type { Plan } from '../../src/shared/plan.ts';

/** Epochs of a shortened plan. */
export const SHORT_EPOCHS = 3;

/**
 * Shortens a plan file to three epochs: one of its first phase where it has several, the rest of its last, which has the
 * most to train. `change` comes on top.
 */
export async function shortenPlan(path: string, change: Partial<Plan> = {}): Promise<void> {
  const plan = JSON.parse(await readFile(path, 'utf8')) as Plan;
  const last = plan.phases[plan.phases.length - 1];
  const phases =
    plan.phases.length > 1
      ? [
          { ...plan.phases[0], epochs: 1 },
          { ...last, epochs: SHORT_EPOCHS - 1 },
        ]
      : [{ ...last, epochs: SHORT_EPOCHS }];
  await writeFile(path, JSON.stringify({ ...plan, phases, earlyStopping: null, ...change }));
}
