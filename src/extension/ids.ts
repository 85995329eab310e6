/** Every name that package.json contributes and code uses; a test holds the two against each other. */

export const COMMANDS = {
  startFineTune: 'thaw.startFineTune',
  openSample: 'thaw.openSample',
  startTraining: 'thaw.startTraining',
  stopTraining: 'thaw.stopTraining',
  openAsText: 'thaw.openAsText',
  openPlanEditor: 'thaw.openPlanEditor',
  showLog: 'thaw.showLog',
  refreshRuns: 'thaw.refreshRuns',
  showCharts: 'thaw.showCharts',
  continueRun: 'thaw.continueRun',
  predictImage: 'thaw.predictImage',
  revealRun: 'thaw.revealRun',
  deleteRun: 'thaw.deleteRun',
  clearFeatureCache: 'thaw.clearFeatureCache',
  installEngine: 'thaw.installEngine',
  removeEngine: 'thaw.removeEngine',
  showEngines: 'thaw.showEngines',
} as const;
export type CommandId = (typeof COMMANDS)[keyof typeof COMMANDS];

export const VIEWS = { runs: 'thaw.runs' } as const;

export const EDITORS = { plan: 'thaw.planEditor' } as const;

export const SETTINGS = {
  engine: 'thaw.engine',
  memoryBudget: 'thaw.memoryBudgetMB',
  threads: 'thaw.threads',
} as const;

/** Keys of `when` clauses. */
export const CONTEXTS = {
  /** `StartState['state']` of the plan in the active editor; not set where none is. */
  startState: 'thaw.startState',
} as const;

/** Values of `viewItem` in the runs view; the extras tell which commands a run offers. */
export const RUN_ITEM = { queued: 'queued', running: 'running', stopped: 'stopped' } as const;
export const RUN_EXTRAS = { resumable: '+resumable', model: '+model' } as const;

/** Key of the models chosen last, in the global state of the extension. */
export const RECENT_MODELS = 'recentModels';
