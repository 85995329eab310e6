import { build } from 'esbuild';
import { describe, expect } from 'vitest';
import type { DrawingTimes } from './support/drawingBench.ts';
import { it } from './support/editorTest.ts';
import { exampleSnapshot } from './support/exampleSnapshot.ts';

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

describe('drawing', () => {
  it('draws eight runs of 20,000 points again and says how long its script took', async ({ editor }) => {
    const { outputFiles } = await build({
      entryPoints: ['test/webview/support/drawingBench.ts'],
      bundle: true,
      write: false,
      format: 'iife',
      logLevel: 'error',
    });
    const page = await editor.open(exampleSnapshot());
    // Evaluated by the debugger, so that the policy of the page does not apply.
    await page.evaluate(outputFiles[0].text);
    const times = await page.evaluate<DrawingTimes>('window.measureDrawing(document.body)');
    console.log(
      `drawing: ${median(times.redraw).toFixed(1)} ms, preparing a run: ${median(times.prepare).toFixed(1)} ms`,
    );
    expect(times.redraw.length).toBeGreaterThan(0);
    expect(median(times.redraw)).toBeGreaterThan(0);
  });
});
