import { describe, expect, it } from 'vitest';
import { TERM_IDS, termOf } from '../../src/shared/terms.ts';

const entries = TERM_IDS.map((id) => [id, termOf(id)] as const);

describe('terms', () => {
  it.each(entries)('%s is explained in one sentence', (id, { title, text }) => {
    expect(id).toMatch(/^[a-z][a-zA-Z0-9]*$/);
    expect(title).toMatch(/^[A-Z][^.]*$/);
    expect(text.length).toBeLessThan(200);
    expect(text).toMatch(/^[A-Z][^.!?\n]*\.$/);
  });

  it('says something of its own about each', () => {
    expect(new Set(entries.map(([, { text }]) => text)).size).toBe(entries.length);
    expect(new Set(entries.map(([, { title }]) => title)).size).toBe(entries.length);
  });
});
