export function findBrowser(env?: NodeJS.ProcessEnv, platform?: NodeJS.Platform): string | null;
export function findOnPath(names: string[], env?: NodeJS.ProcessEnv): string | null;
