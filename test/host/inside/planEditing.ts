import assert from 'node:assert/strict';
import { PlanEditing } from '../../../src/extension/planEditing.ts';
import { type HostCases } from './hostCase.ts';
import { planUri } from './planEditor.ts';

export const planEditingCases: HostCases = {
  'makes an edit of the plan one undo step and leaves the rest of the text alone': async (vscode) => {
    const document = await vscode.workspace.openTextDocument(planUri(vscode));
    await vscode.window.showTextDocument(document);
    const before = document.getText();
    const editing = new PlanEditing(document);
    assert.equal(await editing.apply(1, { kind: 'setting', path: ['batchSize'], value: 4 }, { network: null }), true);
    const once = document.getText();
    assert.equal(once, before.replace('"batchSize": 8', '"batchSize": 4'));
    assert.notEqual(once, before);
    assert.equal(await editing.apply(2, { kind: 'setting', path: ['batchSize'], value: 4 }, { network: null }), false);
    assert.equal(editing.current, 2);
    await editing.apply(3, { kind: 'headRate', rate: 0.125 }, { network: null });
    assert.notEqual(document.getText(), once);
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText(), once);
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText(), before);
    await vscode.commands.executeCommand('redo');
    assert.equal(document.getText(), once);
    await vscode.commands.executeCommand('undo');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  },

  'writes nothing into a text with faults': async (vscode) => {
    const document = await vscode.workspace.openTextDocument({ language: 'json', content: '{ "version": 1, "batch' });
    const editing = new PlanEditing(document);
    assert.equal(await editing.apply(1, { kind: 'headRate', rate: 0.125 }, { network: null }), false);
    assert.equal(document.getText(), '{ "version": 1, "batch');
  },
};
