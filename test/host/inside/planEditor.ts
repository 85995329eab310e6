import assert from 'node:assert/strict';
import { EDITORS } from '../../../src/extension/ids.ts';
import { type HostCases, until, type VsCode } from './hostCase.ts';

/** The only plan of the workspace. */
export const PLAN = 'small.finetune.json';

export const planEditorCases: HostCases = {
  'opens a plan file in the plan editor': async (vscode) => {
    await vscode.commands.executeCommand('vscode.open', planUri(vscode));
    const input = await until('a custom editor', 20, () => {
      const active = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return active instanceof vscode.TabInputCustom ? active : null;
    });
    assert.equal(input.viewType, EDITORS.plan);
    assert.equal(input.uri.path, planUri(vscode).path);
  },
};

/** Where the plan lies. */
export function planUri(vscode: VsCode): import('vscode').Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no folder is open');
  return vscode.Uri.joinPath(folder.uri, PLAN);
}
