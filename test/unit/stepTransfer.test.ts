import { describe, expect, it } from 'vitest';
import { emptyRunView, type RunView } from '../../src/shared/runView.ts';
import { packSteps, unpackSteps } from '../../src/shared/stepTransfer.ts';
import type { Snapshot, ToWebview } from '../../src/shared/webviewProtocol.ts';

const view = (run: string, ...loss: number[]): RunView => ({
  ...emptyRunView(run, run, 'running'),
  steps: { epoch: loss.map(() => 1), position: loss.map((_, index) => index), loss, accuracy: loss.map(() => 0.5) },
});

const snapshot: Snapshot = {
  type: 'snapshot',
  title: 'a.finetune.json',
  document: { plan: null, problems: [] },
  network: { state: 'loading' },
  data: { state: 'loading' },
  cost: { state: 'loading' },
  similarity: { state: 'loading' },
  learningCurve: { state: 'none' },
  trial: { is: { state: 'none' }, refusal: null, isBusy: false },
  start: { state: 'ready' },
  run: view('shown', 0.5, NaN, Infinity),
  compared: [view('beside', 0.1)],
  runs: [],
  strings: {},
  engine: 'portable',
};

const MESSAGES: ToWebview[] = [
  snapshot,
  { ...snapshot, run: null, compared: [] },
  { type: 'run', run: view('shown', 1, 2), runs: [] },
  { type: 'run', run: null, runs: [] },
  { type: 'compared', runs: ['a', 'b'], views: [view('a', 3), view('b')] },
  { type: 'delta', delta: { ...view('shown', 4), from: 2, fromPoints: 0 } },
  { type: 'start', start: { state: 'ready' } },
];

describe('steps on their way to the webview', () => {
  it('arrive as they were, through a structured clone', () => {
    for (const message of MESSAGES)
      expect(unpackSteps(structuredClone(packSteps(message)) as ToWebview)).toEqual(message);
  });

  it('are typed arrays, of which VS Code writes no text', () => {
    const numbers: unknown[] = [];
    const collect = (value: unknown): void => {
      if (ArrayBuffer.isView(value)) numbers.push(value);
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
    };
    MESSAGES.map(packSteps).forEach(collect);
    // Two runs in the first snapshot, one that is shown, two beside it and one that goes on, each with four series.
    expect(numbers).toHaveLength(4 * (2 + 1 + 2 + 1));
    for (const each of numbers) expect(each).toBeInstanceOf(Float64Array);
  });

  it('may come as they are', () => {
    for (const message of MESSAGES) expect(unpackSteps(message)).toEqual(message);
  });
});
