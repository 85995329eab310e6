import type { EngineProblem } from '../../shared/engineProblems.ts';
import type { InstalledEngine } from './installedEngine.ts';

/** How far an installation is. */
export interface InstallProgress {
  step: 'download' | 'extract' | 'compile' | 'probe';
  /** What is being worked on, or a remark. */
  text: string;
  receivedBytes?: number;
  totalBytes?: number;
}

/** What a way to get the engine works with. */
export interface RouteContext {
  /** Where the engine is put together: `lib/napi-v8` and `deps/lib` come into it, and nothing else stays in it. */
  folder: string;
  /** For what can be used again when the installation is stopped. */
  downloads: string;
  /** For what is gone afterwards. */
  scratch: string;
  sources: string;
  environment: NodeJS.ProcessEnv;
  onProgress: (progress: InstallProgress) => void;
  signal: AbortSignal;
}

/** What a route knows of the engine it has put together; the version is empty when it does not know. */
export type RouteResult = Pick<InstalledEngine, 'route' | 'tensorflow'>;

/** A damaged archive, with the reason in words. */
export function archiveProblem(file: string, error: unknown): EngineProblem {
  const message = error instanceof Error ? error.message : String(error);
  return { reason: 'engineArchive', file, detail: message.replace(/\.$/, '') };
}
