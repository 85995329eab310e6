import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ThawError } from '../../shared/errors.ts';
import type { RouteContext } from './installRoute.ts';
import { runTool, type ToolEnd } from './runTool.ts';

type PipContext = Pick<RouteContext, 'downloads' | 'scratch' | 'environment' | 'onProgress' | 'signal'>;

/** Programs that may be Python, with what comes before their own arguments. */
const PYTHONS = [['python3'], ['python'], ['py', '-3']];

const QUIET = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off', '--no-color'];

/** How often the size of what has arrived is looked at. */
const LOOK_MS = 500;

/**
 * Fetches a wheel with pip, which finds and checks the one for this machine; of Python nothing else is used.
 *
 * @param requirements such as `tensorflow-cpu==2.21.0`; the next is tried when there is no wheel for one of them
 * @returns path of the wheel
 * Throws ThawError engineNoPip, enginePip or cancelled.
 */
export async function fetchWheel(requirements: readonly string[], context: PipContext): Promise<string> {
  const python = await findPython(context);
  let detail = '';
  for (const requirement of requirements) {
    context.onProgress({ step: 'download', text: requirement });
    const end = await watched(context, () => download(python, requirement, context));
    const wheel = wheelNamed(end.output);
    if (end.code === 0 && wheel !== undefined) return join(context.downloads, wheel);
    detail = reasonIn(end);
    if (!/no matching distribution|could not find a version/i.test(end.output)) break;
  }
  throw new ThawError({ reason: 'enginePip', requirement: requirements[0] ?? '', detail });
}

async function findPython(context: PipContext): Promise<string[]> {
  for (const python of PYTHONS) {
    const [command = '', ...first] = python;
    const end = await runTool(command, [...first, '-m', 'pip', '--version'], context);
    if (end?.code === 0) return python;
  }
  throw new ThawError({ reason: 'engineNoPip' });
}

async function download(
  [command = '', ...first]: string[],
  requirement: string,
  { downloads, scratch, environment, signal }: PipContext,
): Promise<ToolEnd> {
  const temporary = join(scratch, 'pip');
  await mkdir(temporary, { recursive: true });
  const args = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--dest',
    downloads,
    ...QUIET,
    requirement,
  ];
  // Where pip keeps what arrives must be on the disk that was found to be large enough, and goes when pip is killed.
  const places = { TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  const end = await runTool(command, [...first, ...args], { environment: { ...environment, ...places }, signal });
  await rm(temporary, { recursive: true, force: true });
  return end ?? { code: null, signal: null, output: 'Python has gone' };
}

/** Tells how much has arrived meanwhile: pip says it to terminals only. */
async function watched(context: PipContext, work: () => Promise<ToolEnd>): Promise<ToolEnd> {
  const look = (): void => {
    void sizeOf(join(context.scratch, 'pip')).then((receivedBytes) => {
      if (receivedBytes > 0) context.onProgress({ step: 'download', text: 'the Python package', receivedBytes });
    });
  };
  const timer = setInterval(look, LOOK_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => null)));
  return sizes.reduce((sum, info) => sum + (info?.isFile() ? info.size : 0), 0);
}

/** pip names the file it saved, or the one that an earlier call has left. */
function wheelNamed(output: string): string | undefined {
  const lines = [...output.matchAll(/^\s*(?:Saved|File was already downloaded) (.*\.whl)\s*$/gm)];
  return lines.at(-1)?.[1].split(/[\\/]/).at(-1);
}

function reasonIn({ code, output }: ToolEnd): string {
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== '');
  const error = lines.find((line) => /^ERROR:/.test(line)) ?? lines.at(-1) ?? `pip ended with code ${code}`;
  return error.replace(/^ERROR:\s*/, '').replace(/[.\s]+$/, '');
}
