import type { RunView, StepSeries } from './runView.ts';
import type { ToWebview } from './webviewProtocol.ts';

/** How the numbers of a series are kept: as a list, or on their way as a typed array. */
type Convert = (numbers: ArrayLike<number>) => ArrayLike<number>;

/**
 * A message for its way to the webview: the steps of its runs are typed arrays. VS Code sends these as they lie in memory,
 * and any other list as text, a number at a time, which would hold up the extension host where runs are long.
 */
export function packSteps(message: ToWebview): unknown {
  return convertMessage(message, (numbers) => new Float64Array(numbers));
}

/** The message that was packed; one that never was stays as it is. */
export function unpackSteps(message: ToWebview): ToWebview {
  return convertMessage(message, listOf) as ToWebview;
}

function convertMessage(message: ToWebview, convert: Convert): unknown {
  const view = (run: RunView): object => ({ ...run, steps: convertSteps(run.steps, convert) });
  switch (message.type) {
    case 'snapshot':
      return { ...message, run: message.run && view(message.run), compared: message.compared.map(view) };
    case 'run':
      return { ...message, run: message.run && view(message.run) };
    case 'compared':
      return { ...message, views: message.views.map(view) };
    case 'delta':
      return { ...message, delta: view(message.delta) };
    default:
      return message;
  }
}

function convertSteps({ epoch, position, loss, accuracy }: StepSeries, convert: Convert): object {
  return { epoch: convert(epoch), position: convert(position), loss: convert(loss), accuracy: convert(accuracy) };
}

/** A loop, since `Array.from` goes through an iterator and takes several times as long. */
function listOf(numbers: ArrayLike<number>): ArrayLike<number> {
  if (!ArrayBuffer.isView(numbers)) return numbers;
  const list: number[] = [];
  for (let index = 0; index < numbers.length; index++) list.push(numbers[index]);
  return list;
}
