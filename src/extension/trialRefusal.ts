import * as vscode from 'vscode';
import type { RunService } from './runService.ts';
import type { TrialService } from './trialService.ts';

/** Why nothing can be trained while plans are tried, in words; null when none are. */
export function refusalToTrain(trials: TrialService): string | null {
  if (trials.running === null) return null;
  return vscode.l10n.t(
    'Two plans are being tried, which needs the machine. Train when the trial has ended, or stop it.',
  );
}

/** Why two plans cannot be tried while something else trains, in words; null when nothing does. */
export function refusalToTry(plan: string, runs: RunService, trials: TrialService): string | null {
  if (runs.live !== null) {
    return vscode.l10n.t('A run is training. Both plans can be tried when it has ended, or is stopped.');
  }
  if (trials.running === null || trials.running === plan) return null;
  return vscode.l10n.t(
    'Another plan is being tried. Both plans can be tried when that trial has ended, or is stopped.',
  );
}
