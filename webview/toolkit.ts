import { provideVSCodeDesignSystem, vsCodeButton, vsCodeCheckbox } from '@vscode/webview-ui-toolkit';

/**
 * The only module that loads `@vscode/webview-ui-toolkit`, which is archived: replacing it means replacing this file and
 * the two elements that toolkitElements.d.ts declares. Just the components that are used get registered.
 */
export function registerToolkit(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox());
}
