import { createRequire } from 'node:module';
import * as vscode from 'vscode';
import type { ActivationTimes } from './protocol.ts';
import { threadMilliseconds } from './threadTime.ts';

const EXTENSION_ID = 'thaw.thaw';

interface Loader {
  _load: (this: unknown, request: string, ...rest: unknown[]) => unknown;
}

/**
 * Processor time of loading the extension's code and of its `activate`: the two that VS Code shows as its start-up cost.
 * The rest of a start is VS Code's own, in the same thread.
 */
export async function timeActivation(): Promise<ActivationTimes> {
  const extension = vscode.extensions.getExtension(EXTENSION_ID);
  if (!extension || extension.isActive)
    throw new Error('Thaw is not there, or was active before anything of it was used');
  const loader = createRequire(__filename)('node:module') as Loader;
  const original = loader._load;
  const times: ActivationTimes = { loading: 0, activating: 0 };
  loader._load = function (request, ...rest) {
    if (!request.endsWith('extension.cjs')) return original.call(this, request, ...rest);
    const started = threadMilliseconds();
    const code = original.call(this, request, ...rest) as { activate: (context: unknown) => unknown };
    times.loading = threadMilliseconds() - started;
    const activate = (context: unknown): unknown => {
      const called = threadMilliseconds();
      const result = code.activate(context);
      times.activating = threadMilliseconds() - called;
      return result;
    };
    return { ...code, activate };
  };
  try {
    await extension.activate();
  } finally {
    loader._load = original;
  }
  if (times.loading === 0 || times.activating === 0) throw new Error('The activation of Thaw went by unnoticed');
  return times;
}
