import { mkdir, readdir, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { ThawError } from '../../shared/errors.ts';
import { runTool } from './runTool.ts';

export interface CompileOptions {
  /** Holds `binding/` with the C++ sources and `node-api/` with the headers of Node.js. */
  sources: string;
  /** Holds `tensorflow/c/c_api.h`. */
  includes: string;
  /** Folder with the libraries of TensorFlow to link to. */
  libraries: string;
  /** Path of the `tfjs_binding.node` to write. */
  output: string;
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

const COMPILERS = ['c++', 'g++', 'clang++'];

/** What installs a compiler, by the program that a system installs software with. */
const INSTALL_COMMANDS: [program: string, command: string][] = [
  ['apt-get', 'sudo apt-get install g++'],
  ['dnf', 'sudo dnf install gcc-c++'],
  ['yum', 'sudo yum install gcc-c++'],
  ['zypper', 'sudo zypper install gcc-c++'],
  ['pacman', 'sudo pacman -S gcc'],
  ['apk', 'sudo apk add g++'],
];

/**
 * Compiles the binding of tfjs-node and links it so that it finds TensorFlow in `../../deps/lib` from where it lies.
 * Throws ThawError engineNoCompiler, engineCompile or cancelled.
 */
export async function compileBinding(options: CompileOptions): Promise<void> {
  const { environment, signal } = options;
  await mkdir(dirname(options.output), { recursive: true });
  const args = await compilerArguments(options);
  for (const compiler of environment.CXX ? [environment.CXX, ...COMPILERS] : COMPILERS) {
    // A variable of this name may hold arguments too, such as `ccache g++`.
    const [program = '', ...first] = compiler.trim().split(/\s+/);
    const end = await runTool(program, [...first, ...args], { environment, signal });
    if (!end) continue;
    if (end.code === 0) return;
    throw new ThawError({ reason: 'engineCompile', compiler, detail: firstError(end.output) });
  }
  throw new ThawError({ reason: 'engineNoCompiler', command: await installCommand(environment) });
}

async function compilerArguments({ sources, includes, libraries, output }: CompileOptions): Promise<string[]> {
  const binding = join(sources, 'binding');
  const files = (await readdir(binding)).filter((name) => name.endsWith('.cc')).sort();
  const isMac = process.platform === 'darwin';
  const linked = await linkedLibraries(libraries);
  return [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
    ...['-I', join(sources, 'node-api'), '-I', includes, '-I', binding],
    ...files.map((name) => join(binding, name)),
    ...(isMac
      ? [...linked.map((name) => join(libraries, name)), '-undefined', 'dynamic_lookup']
      : [`-L${libraries}`, ...linked.map((name) => `-l:${name}`)]),
    `-Wl,-rpath,${isMac ? '@loader_path' : '$ORIGIN'}/../../deps/lib`,
    ...['-o', output],
  ];
}

/** The library with the C interface and the one it shares with its parts, by the shortest name that says the version. */
async function linkedLibraries(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).sort((one, other) => one.length - other.length);
  const pick = (pattern: RegExp): string[] => names.filter((name) => pattern.test(name)).slice(0, 1);
  const version = String.raw`(\.so\.\d+|\.so|\.\d+\.dylib|\.dylib)`;
  const main = [...pick(new RegExp(`^libtensorflow_cc${version}$`)), ...pick(new RegExp(`^libtensorflow${version}$`))];
  return [...main.slice(0, 1), ...pick(new RegExp(`^libtensorflow_framework${version}$`))];
}

/** The line that says what is wrong, of all those that say where. */
function firstError(output: string): string {
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== '');
  return (
    lines.find((line) => /\b(fatal )?error\b|undefined reference/i.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  );
}

async function installCommand(environment: NodeJS.ProcessEnv): Promise<string> {
  if (process.platform === 'darwin') return 'xcode-select --install';
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const [program, command] of INSTALL_COMMANDS) {
    for (const folder of folders) if (await isFile(join(folder, program))) return command;
  }
  return 'the package manager of the system (g++ or clang++)';
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}
