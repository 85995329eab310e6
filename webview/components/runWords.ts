import type { RunViewState } from '../../src/shared/runView.ts';

/** States of a run as people read them. */
export const STATE_WORDS: Record<RunViewState, string> = {
  queued: 'Waiting',
  running: 'Running',
  finished: 'Finished',
  earlyStopped: 'Stopped early',
  interrupted: 'Interrupted',
  failed: 'Failed',
};
