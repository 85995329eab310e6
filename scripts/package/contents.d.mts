export function filesIn(path: string): Record<string, Uint8Array>;
export function packageProblems(
  files: Record<string, Uint8Array>,
  packed: { target: string | null; bytes: number },
): string[];
