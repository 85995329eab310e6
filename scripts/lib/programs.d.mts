/** Every program that esbuild.mjs builds for Node.js: its name in the output and where it starts. */
export const PROGRAMS: Readonly<Record<string, string>>;

/** Files that come of the programs, of the extension and of the page of the plan editor. */
export const BUILT_FILES: readonly string[];
