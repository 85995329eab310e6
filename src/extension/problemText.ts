import * as vscode from 'vscode';
import { describeProblem, problemOf, type Problem } from '../shared/errors.ts';

/**
 * One line about anything that was thrown, as the editor says it: `describeProblem` names commands and options of a
 * terminal where there is something to do, and here that is a button or a command of the palette.
 */
export function problemText(error: unknown): string {
  const problem = problemOf(error);
  return editorSentence(problem) ?? describeProblem(problem);
}

function editorSentence(problem: Problem): string | undefined {
  const { l10n } = vscode;
  switch (problem.reason) {
    case 'trainerExited':
      return endOfTrainer(problem);
    case 'trainerSilent':
      return l10n.t('The trainer did not answer for {0} seconds and was stopped.', problem.seconds);
    case 'runPlanChanged':
      return l10n.t(
        'The plan is not the one this run was started with ({0} changed), so the run cannot be continued. Undo the change, or start a new run.',
        problem.keys.join(', '),
      );
    case 'dataVanished':
      return l10n.t('{0} disappeared while it was being read. Restore the folder, then continue.', problem.path);
    case 'noSpace':
      return problem.neededBytes === undefined
        ? l10n.t('The disk holding {0} is full. Free some space, then continue.', problem.path)
        : undefined;
    case 'planExists':
      return l10n.t('{0} exists already. Delete or rename it first.', problem.path);
    case 'planMissing':
      return l10n.t('There is no plan at {0}. Make one with the command Thaw: Start Fine-Tune.', problem.path);
    case 'runMissing':
      return l10n.t('There is no run at {0} any more.', problem.path);
    case 'modelLayerMissing':
      return problem.nearest === undefined
        ? l10n.t('The network has no layer "{0}".', problem.layer)
        : l10n.t('The network has no layer "{0}"; the nearest name is "{1}".', problem.layer, problem.nearest);
    case 'download':
      return l10n.t(
        '{0} could not be downloaded: {1}. Check the connection and try again; what has arrived is kept.',
        problem.address,
        problem.detail,
      );
    case 'protocol':
      return l10n.t(
        'The parts of Thaw do not understand each other: {0}. Reload the window or install Thaw again.',
        problem.detail,
      );
    default:
      return undefined;
  }
}

/** A signal nobody sent from here most often means that the system took the memory back. */
function endOfTrainer({ code, signal, detail }: Extract<Problem, { reason: 'trainerExited' }>): string {
  const { l10n } = vscode;
  if (signal === 'SIGKILL') {
    return l10n.t('The trainer was killed by the system or by somebody else, often because memory ran out.');
  }
  if (signal !== null) return l10n.t('The trainer was ended by the signal {0}.', signal);
  const how = l10n.t('The trainer ended unexpectedly with exit code {0}.', code ?? '?');
  return detail === undefined ? how : `${how} ${detail}`;
}
