import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDelta } from '../../src/shared/chartSeries.ts';
import type { TrainEvent } from '../../src/shared/results.ts';
import { type HistoryEvent, parseMetricsLine, RunHistory } from '../../src/shared/runHistory.ts';
import { emptyRunView, type RunView, type RunViewState } from '../../src/shared/runView.ts';

const start: HistoryEvent = {
  event: 'start',
  run: '/runs/one',
  engine: 'portable',
  images: { train: 8, validation: 2 },
  classes: ['a', 'b'],
  epochs: 4,
  trainableParameters: 10,
  totalParameters: 20,
  resumed: false,
};
const phase = (name: string, index: number, cachedTo: string | null = 'b2'): HistoryEvent => ({
  event: 'phase',
  phase: name,
  index,
  epochs: 2,
  trainable: ['b3'],
  trainableParameters: 10,
  cachedTo,
});
const step = (epoch: number, number: number, loss = 1): HistoryEvent => ({
  event: 'step',
  phase: 'p',
  epoch,
  step: number,
  steps: 4,
  loss,
  accuracy: 0.5,
});
const epoch = (number: number, validationLoss = 1): Extract<HistoryEvent, { event: 'epoch' }> => ({
  event: 'epoch',
  phase: 'p',
  epoch: number,
  epochs: 4,
  loss: 1,
  accuracy: 0.5,
  validationLoss,
  validationAccuracy: 0.5,
  n: 2,
  low: 0.1,
  high: 0.9,
  seconds: 1,
  best: true,
  movement: { b3: 0.1 },
});
const cache: TrainEvent = { event: 'cache', phase: 'p', done: 3, total: 10, bytes: 1 };
const history = (events: HistoryEvent[], state: RunViewState = 'queued'): RunHistory => {
  const made = new RunHistory(emptyRunView('one', 'One', state));
  for (const event of events) made.add(event);
  return made;
};
const wholeEpoch = (number: number): HistoryEvent[] => [1, 2, 3, 4].map((one) => step(number, one));

describe('RunHistory', () => {
  it('places every step on the axis of epochs', () => {
    const { view } = history([start, phase('p', 0), ...wholeEpoch(1), epoch(1), step(2, 1, 7)]);
    expect(view.steps.position).toEqual([0.25, 0.5, 0.75, 1, 1.25]);
    expect(view.steps.epoch).toEqual([1, 1, 1, 1, 2]);
    expect([view.steps.loss[4], view.steps.accuracy[4]]).toEqual([7, 0.5]);
    expect(view).toMatchObject({ state: 'running', engine: 'portable', epochs: 4 });
    expect(view.points).toEqual([expect.objectContaining({ epoch: 1, low: 0.1, high: 0.9, movement: { b3: 0.1 } })]);
    expect(view.points[0]).not.toHaveProperty('event');
  });

  it('makes a band of every phase, from the epoch it really began with', () => {
    const { view } = history([start, phase('head', 0), epoch(1), phase('all', 1), epoch(2), epoch(3)]);
    expect(view.phases).toEqual([
      { name: 'head', from: 1, epochs: 2, trainable: ['b3'] },
      { name: 'all', from: 2, epochs: 2, trainable: ['b3'] },
    ]);
  });

  it('replaces what a resumed run does again', () => {
    const begun = [
      start,
      phase('a', 0),
      ...wholeEpoch(1),
      epoch(1),
      phase('b', 1),
      ...wholeEpoch(2),
      epoch(2),
      step(3, 1),
    ];
    const made = history(begun);
    expect(made.generation).toBe(0);
    for (const event of [start, phase('b', 1), step(2, 3, 9)]) made.add(event);
    const { view } = made;
    expect(view.steps.position).toEqual([0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]);
    expect(view.steps.loss.at(-1)).toBe(9);
    expect(view.points.map((point) => point.epoch)).toEqual([1]);
    expect(view.phases.map((band) => band.from)).toEqual([1, 2]);
    expect(made.generation).toBe(1);
    made.add(epoch(2, 0.5));
    made.add(epoch(2, 0.25));
    expect(made.view.points.map((point) => point.validationLoss)).toEqual([1, 0.25]);
    expect(made.view.steps.loss).toHaveLength(7);
  });

  it('says what goes on before the first step, and how long it takes', () => {
    const made = history([start, phase('p', 0)]);
    made.noteLive(cache);
    expect(made.view.activity).toEqual({ text: 'Computing features up to b2', done: 3, total: 10 });
    made.add(step(1, 1));
    expect(made.view.activity).toBeNull();
    made.noteLive({ ...(step(1, 2) as Extract<TrainEvent, { event: 'step' }>), secondsLeft: 12 });
    expect(made.view).toMatchObject({ secondsLeft: 12, steps: { loss: [1] } });
    made.add(phase('q', 1, null));
    made.add(cache);
    expect(made.view.activity?.text).toBe('Reading images');
    made.noteLive({ event: 'images', done: 2, total: 9 });
    expect(made.view.activity).toEqual({ text: 'Opening images', done: 2, total: 9 });
    made.noteLive({ event: 'download', file: 'weights.bin', received: 5, total: null });
    expect(made.view.activity).toEqual({ text: 'Downloading weights.bin', done: 5, total: 0 });
    made.setState('failed', { problem: 'The trainer ended.' });
    expect(made.view).toMatchObject({
      state: 'failed',
      problem: 'The trainer ended.',
      activity: null,
      secondsLeft: null,
    });
  });

  it('leaves the state of a run that is read again after its end', () => {
    const { view } = history([start, phase('p', 0), cache], 'interrupted');
    expect([view.state, view.activity]).toEqual(['interrupted', null]);
  });

  it('keeps each warning once, and the proof', () => {
    const warning: HistoryEvent = { event: 'warning', code: 'unusedFiles', text: 'One file is not used.' };
    const made = history([start, warning, start, warning]);
    made.setState('finished', { freezeProof: { frozenTensors: 4, changedTensors: 0 } });
    expect(made.view).toMatchObject({ warnings: [warning.text], freezeProof: { frozenTensors: 4, changedTensors: 0 } });
  });

  it('gives views that nobody can change it through', () => {
    const made = history([start, step(1, 1)]);
    made.view.steps.loss.push(5);
    made.deltaSince(0, 0).steps.loss.push(5);
    expect(made.view.steps.loss).toEqual([1]);
  });
});

describe('deltas', () => {
  it('bring what is missing', () => {
    const made = history([start, ...wholeEpoch(1), epoch(1)]);
    const delta = made.deltaSince(3, 1);
    expect([delta.from, delta.steps.position, delta.fromPoints, delta.points]).toEqual([3, [1], 1, []]);
  });

  it('keep any receiver equal to the history, through resumptions and whenever they are asked for', () => {
    const event = fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), fc.integer()).map((of) => step(...of)),
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer()).map((of) => epoch(...of)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.boolean(), fc.boolean()), { maxLength: 40 }), (events) => {
        const made = history([start]);
        let exact: { view: RunView; generation: number } = { view: made.view, generation: made.generation };
        let simple = made.view;
        const receive = (view: RunView, generation?: number): RunView => {
          const after = applyDelta(view, made.deltaSince(view.steps.loss.length, view.points.length, generation));
          if (after === 'resync') throw new Error('the delta does not fit');
          return { ...after, epochs: made.view.epochs };
        };
        for (const [one, toExact, toSimple] of events) {
          made.add(one);
          if (toExact) {
            exact = { view: receive(exact.view, exact.generation), generation: made.generation };
            expect(exact.view).toEqual(made.view);
          }
          if (toSimple) {
            simple = receive(simple);
            expect(simple).toEqual(made.view);
          }
        }
        const { position } = made.view.steps;
        for (let index = 1; index < position.length; index++)
          expect(position[index]).toBeGreaterThan(position[index - 1]);
      }),
      { seed: 21, numRuns: 300 },
    );
  });
});

describe('parseMetricsLine', () => {
  it('reads every kind of line', () => {
    const checkpoint: HistoryEvent = { event: 'checkpoint', epoch: 1, path: '/runs/one/checkpoint' };
    const warning: HistoryEvent = { event: 'warning', code: 'c', text: 't' };
    for (const event of [start, phase('p', 0), step(1, 1), epoch(1), cache, checkpoint, warning]) {
      expect(parseMetricsLine(JSON.stringify(event))).toEqual(event);
    }
  });

  it('passes over what is cut off, damaged or unknown', () => {
    const whole = JSON.stringify(step(1, 1));
    for (const line of [whole.slice(0, -4), '', 'null', '{"event":"other"}', whole.replace('"steps":4', '"steps":0')]) {
      expect(parseMetricsLine(line)).toBeNull();
    }
  });
});
