import { measureActivation } from './activation.ts';
import type { Editor } from './editorWindow.ts';
import { measureFreezeToggle } from './freezeToggle.ts';
import type { Measured } from './measured.ts';
import { measureRedraw } from './redraw.ts';
import { measureTraining } from './training.ts';

/** How often each thing is done. */
export interface Repetitions {
  redraw: number;
  toggle: number;
  trainings: number;
  /** Of each training. */
  epochs: number;
  activation: number;
}

export const FULL: Repetitions = { redraw: 60, toggle: 40, trainings: 3, epochs: 25, activation: 7 };
export const QUICK: Repetitions = { redraw: 12, toggle: 8, trainings: 1, epochs: 8, activation: 2 };

/** Parts of the benchmark, by the name they are asked for with. */
export const PARTS = ['redraw', 'toggle', 'training', 'comparing', 'activation'] as const;
export type Part = (typeof PARTS)[number];

/**
 * Measures one part.
 *
 * @param runs names of the finished runs of the workspace, newest first
 * @param profile also finds out where the time goes
 */
export function measurePart(
  part: Part,
  editor: Editor,
  runs: readonly string[],
  { redraw, toggle, trainings, epochs, activation }: Repetitions,
  profile: boolean,
): Promise<Measured[]> {
  switch (part) {
    case 'redraw':
      return measureRedraw(editor, runs, { repetitions: redraw, profile });
    case 'toggle':
      return measureFreezeToggle(editor, { repetitions: toggle, profile });
    case 'training':
    case 'comparing':
      return measureTraining(editor, {
        runs,
        comparing: part === 'comparing',
        repetitions: trainings,
        epochs,
        profile,
      });
    case 'activation':
      return measureActivation(editor, { repetitions: activation });
  }
}
