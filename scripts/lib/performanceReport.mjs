import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { format } from 'prettier';
import { importTypeScript } from './importTypeScript.mjs';
import { root } from './project.mjs';

const REPORT = join(root, 'docs', 'performance.md');
const ADVISOR = join(root, 'docs', 'advisor.md');

/** What a report says of the machine. */
export const machine = () => ({
  processor: cpus()[0].model.trim(),
  cores: cpus().length,
  memoryBytes: totalmem(),
  system: `${process.platform} ${process.arch}`,
  node: process.versions.node,
});

/** As a report names the day. */
export const today = () => new Date().toISOString().slice(0, 10);

/**
 * Writes one section of docs/performance.md and leaves the others alone.
 *
 * @param {import('../../bench/reportSections.ts').Section} section
 * @param {string} text Markdown
 */
export async function writeSection(section, text) {
  const { withSection } = await importTypeScript('bench/reportSections.ts');
  const report = existsSync(REPORT) ? await readFile(REPORT, 'utf8') : '';
  await writeFile(REPORT, await format(withSection(report, section, text), { parser: 'markdown', printWidth: 120 }));
}

/** Writes what docs/advisor.md says of the benchmark, between its marks; the rest of the page is left alone. */
export async function writeAdvisorSection(text) {
  const { replaceMarked } = await importTypeScript('bench/reportSections.ts');
  const page = replaceMarked(await readFile(ADVISOR, 'utf8'), 'benchmark', text);
  await writeFile(ADVISOR, await format(page, { parser: 'markdown', printWidth: 120 }));
}

/** Prints rows of cells in columns. */
export function printTable(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => cells[column].length)));
  for (const cells of [head, ...rows]) {
    console.log(cells.map((cell, column) => cell.padEnd(widths[column])).join('   '));
  }
}
