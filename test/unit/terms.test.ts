import { describe, expect, it } from 'vitest';
import { TERMS } from '../../src/shared/terms.ts';

const entries = Object.entries(TERMS);

describe('TERMS', () => {
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
