import { signal } from '@preact/signals';

/**
 * What the pointer is on, so that the other picture shows it too: a phase lights up the blocks it trains, a block the
 * phases that train it.
 */
export interface Emphasis {
  phase?: string;
  blocks: readonly string[];
}
export const emphasis = signal<Emphasis | null>(null);
