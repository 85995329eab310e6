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

    const changed = await page.evaluate(async (toggles) => {
      let changes = 0;
      for (let toggle = 0; toggle < toggles; toggle++) {
        const button = document.querySelector<HTMLButtonElement>('.grid-row.layer button.freeze');
        const before = button?.getAttribute('aria-checked');
        const id = button?.closest('[data-id]')?.getAttribute('data-id');
        button?.click();
        await new Promise(requestAnimationFrame);
        const after = document.querySelector(`[data-id="${id}"] .freeze`)?.getAttribute('aria-checked');
        if (after !== undefined && after !== before) changes++;
      }
      return changes;
    }, TOGGLES);
    expect(changed).toBe(TOGGLES);
  });
});
