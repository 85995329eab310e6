import { beforeEach, describe, expect, it, vi } from 'vitest';
import { notifyOfTrials } from '../../../src/extension/trialNotifications.ts';
import type { TrialEnded } from '../../../src/extension/trialService.ts';
import type { TrialState } from '../../../src/shared/webviewProtocol.ts';

const editor = vi.hoisted(() => ({
  l10n: {
    t: (text: string, ...values: string[]) => text.replace(/\{(\d)\}/g, (_, place: string) => values[Number(place)]),
  },
  window: { showInformationMessage: vi.fn(), showErrorMessage: vi.fn() },
  commands: { executeCommand: vi.fn() },
  Uri: { file: (path: string) => ({ path }) },
}));
vi.mock('vscode', () => editor);

const PLAN = '/photographs/flowers.finetune.json';
const titles = { recommended: 'head only', challenger: 'head after block_12' };
const finished = {
  state: 'finished',
  result: { difference: 0.041, low: 0.006, high: 0.076, pValue: 0.02, n: 60, kept: 'challenger' },
} as Extract<TrialState, { state: 'finished' }>;

/** Lets a trial end while the plan is seen, or not. */
function end(state: TrialEnded['state'], isVisible = false): void {
  const listeners: ((ended: TrialEnded) => unknown)[] = [];
  const onDidEnd = (listener: (ended: TrialEnded) => unknown) => {
    listeners.push(listener);
    return { dispose: () => undefined };
  };
  notifyOfTrials({ onDidEnd }, { isVisible: (plan) => isVisible && plan === PLAN });
  for (const listener of listeners) listener({ plan: PLAN, state, titles });
}

describe('the end of a trial', () => {
  beforeEach(() => vi.resetAllMocks());

  it('is told in its sentence to somebody who does not see the plan, and leads there', async () => {
    editor.window.showInformationMessage.mockResolvedValue('Show Plan');
    end(finished);
    await vi.waitFor(() =>
      expect(editor.commands.executeCommand).toHaveBeenCalledWith('vscode.openWith', { path: PLAN }, 'thaw.planEditor'),
    );
    expect(editor.window.showInformationMessage).toHaveBeenCalledWith(
      'flowers.finetune.json: "head after block_12" is better by 4.1 points (95 %: 0.6 to 7.6) on 60 images and is kept.',
      'Show Plan',
    );
  });

  it('is told as an error where it failed', async () => {
    end({ state: 'failed', problem: 'The folder is gone.' });
    await vi.waitFor(() => expect(editor.window.showErrorMessage).toHaveBeenCalledOnce());
    expect(editor.window.showErrorMessage.mock.calls[0][0]).toBe(
      'flowers.finetune.json: The trial has no answer: The folder is gone.',
    );
    expect(editor.commands.executeCommand).not.toHaveBeenCalled();
  });

  it('is not told where the plan is seen', () => {
    end(finished, true);
    expect(editor.window.showInformationMessage).not.toHaveBeenCalled();
  });
});
