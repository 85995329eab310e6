import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TextDocument } from 'vscode';
import { MeasuredSource } from '../../../src/extension/measuredSource.ts';
import type { TrainerService } from '../../../src/extension/trainerService.ts';
import { ThawError } from '../../../src/shared/errors.ts';
import type { Plan } from '../../../src/shared/plan.ts';
import type { TrainEvent } from '../../../src/shared/results.ts';
import type { SimilarityResult } from '../../../src/shared/similarityResult.ts';
import { samplePlan } from '../../support/plans.ts';

const editor = vi.hoisted(() => ({ workspace: { isTrusted: true }, l10n: { t: (text: string) => text } }));
vi.mock('vscode', () => editor);

const RESULT = { measurement: { images: 60 } } as SimilarityResult;

/** One thing asked of the trainer, which the test answers. */
interface Asked {
  signal: AbortSignal;
  onEvent: (event: TrainEvent) => void;
  resolve: (result: SimilarityResult) => void;
  reject: (error: Error) => void;
}

/** A source, what it has asked, and what its page has been told. */
function scene() {
  const asked: Asked[] = [];
  const told: MeasuredSource<'similarity'>['view'][] = [];
  const trainer = {
    requestWhenIdle: (_: string, __: unknown, options: Pick<Asked, 'signal' | 'onEvent'>) =>
      new Promise((resolve, reject) => asked.push({ ...options, resolve, reject })),
  };
  const document = { uri: { fsPath: '/project/a.finetune.json' }, getText: () => '' };
  const source: MeasuredSource<'similarity'> = new MeasuredSource(
    'similarity',
    document as unknown as TextDocument,
    trainer as unknown as TrainerService,
    () => told.push(source.view),
  );
  return { asked, told, source };
}

const plan = samplePlan();
const other: Plan = { ...plan, model: 'models/other' };
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1000);

describe('what is measured of a plan', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    editor.workspace.isTrusted = true;
  });

  it('is told with its progress, ten times a second at most', async () => {
    const { asked, told, source } = scene();
    source.load(plan);
    await settle();
    for (let done = 1; done <= 60; done++) {
      asked[0].onEvent({ event: 'measure', done, total: 60 });
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(told.length).toBeGreaterThan(4);
    expect(told.length).toBeLessThanOrEqual(7);
    expect(told.at(-1)).toMatchObject({ state: 'loading', progress: { total: 60 } });
    asked[0].resolve(RESULT);
    await settle();
    expect(told.at(-1)).toEqual({ state: 'ready', value: RESULT });
    source.load(plan);
    await settle();
    expect(asked).toHaveLength(1);
  });

  it('is given up when it is stopped, and begun again when it is wanted', async () => {
    const { asked, told, source } = scene();
    source.load(plan);
    await settle();
    asked[0].onEvent({ event: 'measure', done: 4, total: 60 });
    source.stop();
    expect(asked[0].signal.aborted).toBe(true);
    asked[0].reject(new Error('stopped'));
    await settle();
    source.load(plan);
    await settle();
    expect([told, asked.length]).toEqual([[{ state: 'stopped' }], 1]);
    source.restart();
    await settle();
    expect(told.at(-1)).toEqual({ state: 'loading' });
    asked[1].resolve(RESULT);
    await settle();
    expect(source.view).toEqual({ state: 'ready', value: RESULT });
  });

  it('stays stopped over a run, and is measured of another network', async () => {
    const { asked, source } = scene();
    source.pause(true);
    source.load(plan);
    source.stop();
    source.pause(false);
    await settle();
    expect([source.view.state, asked.length]).toEqual(['stopped', 0]);
    source.load(other);
    await settle();
    expect([source.view.state, asked.length]).toEqual(['loading', 1]);
  });

  it('waits until a run has ended, and begins at nothing then', async () => {
    const { asked, source } = scene();
    source.load(plan);
    await settle();
    asked[0].onEvent({ event: 'measure', done: 4, total: 60 });
    await settle();
    source.pause(true);
    expect([asked[0].signal.aborted, source.view]).toEqual([true, { state: 'loading' }]);
    source.load(plan);
    await settle();
    expect(asked).toHaveLength(1);
    source.pause(false);
    await settle();
    expect(asked).toHaveLength(2);
  });

  it('is not shown of something else while a run trains', async () => {
    const { asked, source } = scene();
    source.load(plan);
    await settle();
    asked[0].resolve(RESULT);
    await settle();
    source.pause(true);
    source.load(plan);
    expect(source.view.state).toBe('ready');
    source.load(other);
    expect(source.view).toEqual({ state: 'loading' });
    source.pause(false);
    await settle();
    expect(asked).toHaveLength(2);
  });

  it('is measured again where the images have changed, and shown until that is done', async () => {
    const { asked, source } = scene();
    source.again();
    source.load(plan);
    await settle();
    asked[0].resolve(RESULT);
    await settle();
    source.pause(true);
    source.again();
    source.pause(false);
    source.again();
    await settle();
    expect([source.view.state, asked.length]).toEqual(['ready', 2]);
    const value = { measurement: { images: 70 } } as SimilarityResult;
    asked[1].resolve(value);
    await settle();
    expect(source.view).toEqual({ state: 'ready', value });
  });

  it('is the same wherever the head sits', async () => {
    const { asked, source } = scene();
    source.load(plan);
    source.load({ ...plan, head: { ...plan.head, after: 'b2_act' } });
    await settle();
    expect(asked).toHaveLength(1);
    asked[0].resolve(RESULT);
    await settle();
    source.load(plan);
    await settle();
    expect([source.view.state, asked.length]).toEqual(['ready', 1]);
  });

  it('is tried again unseen where it has failed, and from the start when that is wanted', async () => {
    const { asked, told, source } = scene();
    const fail = (each: Asked): void => each.reject(new ThawError({ reason: 'dataFolderEmpty', path: 'flowers' }));
    source.load(plan);
    await settle();
    fail(asked[0]);
    await settle();
    expect(told.map(({ state }) => state)).toEqual(['failed']);
    source.load(plan);
    await settle();
    asked[1].onEvent({ event: 'measure', done: 4, total: 60 });
    await settle();
    fail(asked[1]);
    await settle();
    expect(told).toHaveLength(1);
    source.restart();
    await settle();
    expect([told.map(({ state }) => state), asked.length]).toEqual([['failed', 'loading'], 3]);
  });

  it('is refused once in a folder that is not trusted, and measured when it is', async () => {
    const { asked, told, source } = scene();
    editor.workspace.isTrusted = false;
    source.load(plan);
    source.load({ ...plan, batchSize: 8 });
    await settle();
    expect([told.map(({ state }) => state), asked.length]).toEqual([['failed'], 0]);
    editor.workspace.isTrusted = true;
    source.load(plan);
    await settle();
    expect([source.view, asked.length]).toEqual([{ state: 'loading' }, 1]);
  });
});
