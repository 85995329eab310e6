import { config } from '@vscode/l10n';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ExtensionContext } from 'vscode';
import { activate } from '../../../src/extension.ts';
import { editorStrings } from '../../../src/extension/editorStrings.ts';
import { countImages } from '../../../src/shared/counts.ts';

const editor = vi.hoisted(() => ({
  l10n: { bundle: undefined as Record<string, string> | undefined },
  ExtensionMode: { Test: 3 },
}));
vi.mock('vscode', () => editor);
/** The parts of the extension need the whole editor. */
vi.mock('../../../src/extension/thawExtension.ts', () => ({ ThawExtension: vi.fn() }));

const context = { subscriptions: [], extensionMode: 1 } as unknown as ExtensionContext;

describe('activation', () => {
  afterEach(() => config({ contents: {} }));

  it('lets src/shared speak the language of the editor, and has its texts for the webview', () => {
    editor.l10n.bundle = { '{0} images': '{0} Bilder' };
    activate(context);
    expect(countImages(720)).toBe('720 Bilder');
    expect(editorStrings()).toEqual({ '{0} images': '{0} Bilder' });
  });

  it('is in English where the editor has no bundle', () => {
    editor.l10n.bundle = undefined;
    activate(context);
    expect(countImages(720)).toBe('720 images');
    expect(editorStrings()).toEqual({});
  });
});
