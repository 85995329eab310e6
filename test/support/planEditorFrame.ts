import type { FrameLocator, Page } from 'playwright-core';

/**
 * The content of the visible plan editor. VS Code makes its frames anew when a tab is hidden or moved, so ask again
 * instead of keeping what this returns.
 */
export function planEditorFrame(page: Page): FrameLocator {
  return page
    .locator('iframe.webview.ready[src*="extensionId=thaw.thaw"]')
    .filter({ visible: true })
    .contentFrame()
    .locator('iframe#active-frame')
    .contentFrame();
}
