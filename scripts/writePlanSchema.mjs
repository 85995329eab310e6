// Writes media/plan.schema.json from the zod schema in src/shared/plan.ts, for completion and validation in the editor.
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { format } from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'media', 'plan.schema.json');
const folder = await mkdtemp(join(tmpdir(), 'thaw-schema-'));
try {
  const bundle = join(folder, 'planSchemaJson.mjs');
  await build({
    entryPoints: [join(root, 'src', 'shared', 'planSchemaJson.ts')],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    outfile: bundle,
    logLevel: 'warning',
  });
  const { planJsonSchema } = await import(pathToFileURL(bundle).href);
  await mkdir(join(root, 'media'), { recursive: true });
  const text = JSON.stringify(planJsonSchema());
  await writeFile(target, await format(text, { parser: 'json', printWidth: 120 }));
  process.stdout.write(`${target}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
