import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A line of the report: what was done, and what came of it. */
export interface SoakFigure {
  what: string;
  result: string;
}

/** Leaves figures for the report that `npm run test:soak` writes; those of a file replace its earlier ones. */
export function reportFigures(file: string, figures: readonly SoakFigure[]): void {
  const path = process.env.THAW_SOAK_FIGURES;
  if (path === undefined) return;
  const all = readFigures(path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify({ ...all, [file]: figures }, null, 2));
}

function readFigures(path: string): Record<string, SoakFigure[]> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, SoakFigure[]>;
  } catch {
    return {};
  }
}
