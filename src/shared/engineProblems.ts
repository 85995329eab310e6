import { t } from '@vscode/l10n';

/** Where the native engine can be had from; `folder` is one that the user names. */
export type EngineSource = 'archive' | 'wheel' | 'folder';

/** What can go wrong while the native engine is installed or removed. */
export type EngineProblem =
  | { reason: 'engineBusy'; path: string; processId: number }
  | { reason: 'engineFolder'; path: string; detail: string }
  | { reason: 'enginePlatform'; source: EngineSource; platform: string }
  | { reason: 'engineArchive'; file: string; detail: string }
  | { reason: 'engineNoPip' }
  | { reason: 'enginePip'; requirement: string; detail: string }
  | { reason: 'engineNoCompiler'; command: string }
  | { reason: 'engineCompile'; compiler: string; detail: string }
  | { reason: 'engineProbe'; source: EngineSource; detail: string }
  | { reason: 'engineNoSource'; archive: string; wheel: string };

/** In words, as `describeProblem` does. */
export function describeEngineProblem(problem: EngineProblem): string {
  switch (problem.reason) {
    case 'engineBusy':
      return t(
        'Process {0} is installing or removing the native engine at {1}. Wait for it or stop it first.',
        problem.processId,
        problem.path,
      );
    case 'engineFolder':
      return t(
        'The native engine cannot be taken from {0}: {1}. Name an installed @tensorflow/tfjs-node, a libtensorflow folder, a Python tensorflow package, or an engine of Thaw.',
        problem.path,
        problem.detail,
      );
    case 'enginePlatform':
      return problem.source === 'wheel'
        ? t(
            'The native engine cannot be built from the Python package on {0}. Name a folder that holds TensorFlow with --from.',
            problem.platform,
          )
        : t(
            'There is no official TensorFlow library for {0}. Use --source wheel, or name a folder that holds TensorFlow with --from.',
            problem.platform,
          );
    case 'engineArchive':
      return t(
        '{0} is damaged or not what it should be: {1}. It was deleted: run the command again.',
        problem.file,
        problem.detail,
      );
    case 'engineNoPip':
      return t(
        'The Python package of TensorFlow is fetched with pip, and no Python with pip was found. Install Python 3 with pip, or name a folder that holds TensorFlow with --from.',
      );
    case 'enginePip':
      return t('pip could not fetch {0}: {1}. Check the connection and pip.', problem.requirement, problem.detail);
    case 'engineNoCompiler':
      return t(
        'A C++ compiler is needed to build the native engine, and none was found. Install one with: {0}',
        problem.command,
      );
    case 'engineCompile':
      return t('{0} could not compile the native engine: {1}', problem.compiler, problem.detail);
    case 'engineProbe':
      return t('The native engine was installed and does not work here, so it was removed: {0}', problem.detail);
    case 'engineNoSource':
      return t(
        'The native engine could not be installed. From the official archive: {0} From the Python package: {1}',
        problem.archive,
        problem.wheel,
      );
  }
}
