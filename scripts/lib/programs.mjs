/** Every program that esbuild.mjs builds for Node.js: its name in the output and where it starts. */
export const PROGRAMS = {
  cli: 'src/cli/main.ts',
  trainer: 'src/trainer/main.ts',
  freezeProof: 'src/node/freezeProofMain.ts',
  engineInstaller: 'src/node/nativeEngine/installMain.ts',
  nativeProbe: 'src/trainer/nativeProbeMain.ts',
  kernelThread: 'src/trainer/engine/portable/kernelThreadMain.ts',
  threadProbe: 'src/trainer/threadProbeMain.ts',
};

/** Files that come of the programs, of the extension and of the page of the plan editor. */
export const BUILT_FILES = [
  ...Object.keys(PROGRAMS).map((name) => `${name}.js`),
  ...['extension.cjs', 'webview.js', 'webview.css'],
];
