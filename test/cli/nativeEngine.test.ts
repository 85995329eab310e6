import { describe, expect, it } from 'vitest';
import { nativeEngine } from '../support/provisionNative.ts';

describe('the native engine', () => {
  it('is installed', async ({ skip }) => {
    expect((await nativeEngine(skip)).tensorflow).toMatch(/^2\./);
    expect(process.env.THAW_ENGINE_DIR).toMatch(/no-engine$/);
  });
});
