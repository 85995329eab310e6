import { describe, expect } from 'vitest';
import { largeNetwork } from './support/exampleNetworks.ts';
import { it } from './support/editorTest.ts';
import { exampleSnapshot } from './support/exampleSnapshot.ts';

const TOGGLES = 9;

describe('a network of 318 layers', () => {
  it('answers toggles with every block open, and draws only what is in view', async ({ editor }) => {
    const network = largeNetwork();
    const expanded = network.blocks.flatMap(({ name }) => [`block:${name}`, `range:${name}`]);
    const page = await editor.open(exampleSnapshot({ network }), { state: { expanded } });
    const count = Number(await page.getByRole('treegrid').getAttribute('aria-rowcount'));
    // Header, folded range, 17 blocks, the head, and 316 layers of the backbone.
    expect(count).toBe(1 + 1 + 17 + 1 + 316);
    expect(await page.locator('.grid-body [role="row"]').count()).toBeLessThan(60);

    const times = await page.evaluate(async (toggles) => {
      const measured: number[] = [];
      for (let toggle = 0; toggle < toggles; toggle++) {
        const button = document.querySelector<HTMLButtonElement>('.grid-row.layer button.freeze');
        const before = button?.getAttribute('aria-checked');
        const id = button?.closest('[data-id]')?.getAttribute('data-id');
        const started = performance.now();
        button?.click();
        // Until the row has changed and the frame with it was drawn.
        while (document.querySelector(`[data-id="${id}"] .freeze`)?.getAttribute('aria-checked') === before) {
          await new Promise(requestAnimationFrame);
        }
        measured.push(performance.now() - started);
        await new Promise(requestAnimationFrame);
      }
      return measured.sort((a, b) => a - b);
    }, TOGGLES);
    console.log(`toggle with 318 layers: ${times.map((time) => time.toFixed(0)).join(', ')} ms`);
    expect(times).toHaveLength(TOGGLES);
  });
});
