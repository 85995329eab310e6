/**
 * npm run test:soak: what takes too long for every `npm test`. Ends with what was found, and writes it to
 * docs/reliability.md when everything passed; arguments go on to vitest, and then nothing is written.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { format } from 'prettier';
import { installIfNeeded, requireNode, root, runNode } from './lib/project.mjs';

const FIGURES = join(root, 'build', 'soak.json');
const REPORT = join(root, 'docs', 'reliability.md');
const BEGIN = '<!-- npm run test:soak writes what follows -->';
const END = '<!-- and ends here -->';

function table(figures) {
  const rows = Object.values(figures).flat();
  return ['| what | result |', '| --- | --- |', ...rows.map(({ what, result }) => `| ${what} | ${result} |`)].join(
    '\n',
  );
}

async function writeReport(figures, minutes) {
  const text = readFileSync(REPORT, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/reliability.md has no place between ${BEGIN} and ${END}`);
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB, ${process.platform} ${process.arch}, Node.js ${process.versions.node}`;
  const date = new Date().toISOString().slice(0, 10);
  const section = `${BEGIN}\n\n${date}, ${minutes} minutes on ${machine}:\n\n${table(figures)}\n\n`;
  const written = await format(text.slice(0, from) + section + text.slice(to), { parser: 'markdown', printWidth: 120 });
  writeFileSync(REPORT, written);
}

requireNode();
const chosen = process.argv.slice(2);
const started = performance.now();
rmSync(FIGURES, { force: true });
const vitest = 'node_modules/vitest/vitest.mjs';
const env = { ...process.env, THAW_SOAK_FIGURES: FIGURES };
let code = (await installIfNeeded())
  ? await runNode(vitest, ['run', '--config', 'vitest.soak.config.ts', ...chosen], { env })
  : 1;
try {
  const figures = JSON.parse(readFileSync(FIGURES, 'utf8'));
  for (const { what, result } of Object.values(figures).flat()) console.log(`${what}: ${result}`);
  const minutes = Math.round((performance.now() - started) / 60_000);
  if (code === 0 && chosen.length === 0) await writeReport(figures, minutes);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  code = 1;
}
process.exitCode = code;
