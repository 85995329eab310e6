/** Settings of VS Code against what would get in the way of tests and benchmarks. */
export const QUIET = {
  'workbench.tips.enabled': false,
  'extensions.autoUpdate': false,
  'git.enabled': false,
  // In a browser it is on by default, on the desktop it is not.
  'files.autoSave': 'off',
  'chat.disableAIFeatures': true,
};
