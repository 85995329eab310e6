export function newestTime(paths: string[]): number;
export function timeOf(path: string): number;
