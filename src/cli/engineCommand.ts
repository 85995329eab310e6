import { fileURLToPath } from 'node:url';
import {
  engineDirectory,
  readInstalledEngine,
  readProof,
  type InstalledEngine,
} from '../node/nativeEngine/installedEngine.ts';
import type { InstallSource } from '../node/nativeEngine/installEngine.ts';
import { throttledProgress } from '../node/nativeEngine/throttledProgress.ts';
import { ThawError } from '../shared/errors.ts';
import type { EngineStatus } from '../shared/results.ts';
import { EXIT_DONE, withProgress } from './commands.ts';
import { InstallProgressBar } from './installProgress.ts';
import { createOutput, type Output } from './output.ts';
import type { CommonOptions } from './session.ts';

/** Actions of `thaw engine`. */
export const ENGINE_ACTIONS = ['status', 'install', 'remove'] as const;

/** Where `thaw engine install` can be told to get the engine from. */
export const INSTALL_SOURCES = ['auto', 'archive', 'wheel'] as const;

export interface EngineOptions extends CommonOptions {
  source?: (typeof INSTALL_SOURCES)[number];
  from?: string;
}

/** Unpacking and downloading is a third of the program, which all other commands need not start. */
const loadInstaller = () => import('../node/nativeEngine/installEngine.ts');

const builtFile = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** `thaw engine [status|install|remove]` */
export async function engineCommand(action: (typeof ENGINE_ACTIONS)[number], options: EngineOptions): Promise<number> {
  if (action !== 'install' && (options.source !== undefined || options.from !== undefined)) {
    throw new ThawError({ reason: 'usage', message: '--source and --from belong to thaw engine install.' });
  }
  const output = createOutput(options);
  if (action === 'install') await install(options, output);
  if (action === 'remove') await remove(output);
  const { engines } = await withProgress('engineStatus', {}, options, output);
  output.object({ ...(action === 'status' ? {} : { event: 'result' }), directory: engineDirectory(), engines });
  describeEngines(engines).forEach((text) => output.line(text));
  return EXIT_DONE;
}

function describeEngines(engines: EngineStatus['engines']): string[] {
  return engines.map(
    ({ name, available, version, reason }) =>
      `${name}: ${available ? `works (${version})` : 'not available'}, ${reason}`,
  );
}

async function install(options: EngineOptions, output: Output): Promise<void> {
  const source: InstallSource = options.from === undefined ? (options.source ?? 'auto') : { folder: options.from };
  const present = source === 'auto' && options.source === undefined ? await workingEngine() : null;
  if (present) {
    output.note(
      `TensorFlow ${present.tensorflow} is installed already and works. To install it anew: thaw engine remove`,
    );
    return;
  }
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const progress = new InstallProgressBar(output);
  try {
    const { installEngine } = await loadInstaller();
    await installEngine({
      source,
      probeEntry: builtFile('./nativeProbe.js'),
      sources: builtFile('./native-sources'),
      onProgress: throttledProgress((each) => progress.show(each)),
      signal: controller.signal,
    });
  } catch (error) {
    if (controller.signal.aborted) {
      output.note('Stopped. Nothing was changed, and what has been downloaded is kept: the same command goes on.');
    }
    throw error;
  } finally {
    progress.stop();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

async function workingEngine(): Promise<InstalledEngine | null> {
  const engine = await readInstalledEngine();
  return engine && (await readProof(engine))?.works ? engine : null;
}

async function remove(output: Output): Promise<void> {
  const { removeEngine } = await loadInstaller();
  const wasThere = await removeEngine();
  output.note(
    wasThere ? `The native engine was removed from ${engineDirectory()}.` : 'No native engine was installed.',
  );
}
