import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashTensors } from '../../src/node/freezeProof.ts';
import { type Plan, planSchema, type PlanInput } from '../../src/shared/plan.ts';
import type { TrainEvent } from '../../src/shared/results.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { trainHere, type Trained, writeProject } from '../support/trainingFixture.ts';

const START: Partial<PlanInput> = {
  blocks: { stem: { frozen: true }, middle: { frozen: true }, top: { frozen: true } },
  phases: [{ name: 'all', epochs: 6 }],
  head: { classes: ['left', 'right'], dropout: 0.3 },
  batchSize: 4,
};

interface Change {
  afterEpoch: number;
  edit: (plan: Plan) => void;
}

/** Trains and changes the plan while it runs, as an editor would: sometime in the epoch before. */
async function trainChanging(
  plan: string,
  changes: readonly Change[],
  options: { run: string; resume?: boolean; stopAfter?: number },
): Promise<Trained> {
  let listener: (plan: Plan) => void = () => undefined;
  let present = planSchema.parse(JSON.parse(await readFile(plan, 'utf8')));
  return trainHere(plan, {
    ...options,
    onChange: (hears) => (listener = hears),
    onEvent: (event, abort) => {
      if (event.event === 'checkpoint' && event.epoch === options.stopAfter) abort();
      if (event.event !== 'epoch') return;
      const change = changes.find(({ afterEpoch }) => afterEpoch === event.epoch);
      if (!change) return;
      present = structuredClone(present);
      change.edit(present);
      listener(present);
    },
  });
}

const epochsOf = (events: readonly TrainEvent[]) => events.filter((event) => event.event === 'epoch');
const changesOf = (events: readonly TrainEvent[]) => events.filter((event) => event.event === 'change');
const unfreezeTop: Change = {
  afterEpoch: 2,
  edit: (plan) => (plan.blocks.top = { frozen: false, learningRate: 1e-3 }),
};
const freezeTop: Change = { afterEpoch: 4, edit: (plan) => (plan.blocks.top = { frozen: true }) };

describe('a plan that is changed while it trains', () => {
  it('is taken over at the next epoch: what is unfrozen moves from there on, what is frozen again stops', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, START);
    const { events, result, run } = await trainChanging(plan, [unfreezeTop, freezeTop], { run: join(folder, 'run') });
    const moved = epochsOf(events).map(({ movement }) => movement.top);
    expect(moved.slice(0, 2)).toEqual([0, 0]);
    expect(moved[2]).toBeGreaterThan(0);
    expect(moved[3]).toBeGreaterThan(moved[2]);
    expect(moved.slice(4)).toEqual([moved[3], moved[3]]);
    expect(changesOf(events).map(({ epoch, changes }) => [epoch, changes.map(({ path }) => path.join('.'))])).toEqual([
      [2, ['blocks.top.frozen', 'blocks.top.learningRate']],
      [4, ['blocks.top.frozen', 'blocks.top.learningRate']],
    ]);
    // What was ever thawed is no longer claimed to be frozen, and the rest is what it was.
    expect(result.freezeProof?.changed).toEqual([]);
    const source = await hashTensors(join(folder, 'model', 'model.json'));
    const saved = await hashTensors(join(run.modelPath, 'model.json'));
    for (const [name, hash] of source) {
      if (/^(stem|middle)/.test(name)) expect([name, saved.get(name)]).toEqual([name, hash]);
    }
    expect(epochsOf(events)).toHaveLength(6);
  });

  it('changes rates at the next epoch, and keeps what the optimizer has learned', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, START);
    const same = await trainChanging(plan, [], { run: join(folder, 'same') });
    const edit = (draft: Plan): void => void (draft.optimizer.headLearningRate = 1e-9);
    const changed = await trainChanging(plan, [{ afterEpoch: 3, edit }], { run: join(folder, 'changed') });
    const [before, after] = [same, changed].map(({ events }) => epochsOf(events).map(({ movement }) => movement.head));
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
    expect(Math.abs(after[5] - after[2])).toBeLessThan(1e-5);
    expect(before[5]).not.toBe(before[2]);
  });

  it('ends in the same bits when the run is stopped and resumed around the changes', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, START);
    const changes = [unfreezeTop, freezeTop];
    const whole = await trainChanging(plan, changes, { run: join(folder, 'whole') });
    const run = join(folder, 'parts');
    await trainChanging(plan, changes, { run, stopAfter: 3 });
    // The plan file says what the run took over, as it does after an edit in the editor.
    await trainChanging(plan, [freezeTop], { run, resume: true, stopAfter: 5 });
    const resumed = await trainChanging(plan, [], { run, resume: true });
    expect(resumed.result.stopped).toBe('finished');
    const hashes = (path: string): Promise<Map<string, string>> => hashTensors(join(path, 'model', 'model.json'));
    expect(await hashes(run)).toEqual(await hashes(whole.run.path));
    const linesOf = async (path: string): Promise<string[]> => {
      const lines = (await readFile(join(path, 'metrics.jsonl'), 'utf8')).trim().split('\n');
      return lines.filter((line) => /"event":"(step|change)"/.test(line));
    };
    expect(await linesOf(run)).toEqual(await linesOf(whole.run.path));
  });

  it('is refused with a reason where it does not fit, and the run goes on', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, { ...START, phases: [{ name: 'all', epochs: 3 }] });
    const changes: Change[] = [
      { afterEpoch: 1, edit: (draft) => (draft.phases[0].name = 'another') },
      {
        afterEpoch: 2,
        edit: (draft) => {
          draft.phases[0].name = 'all';
          draft.blocks.nowhere = { frozen: false };
        },
      },
    ];
    const { events, result } = await trainChanging(plan, changes, { run: join(folder, 'run') });
    expect(result.stopped).toBe('finished');
    const warnings = events.filter((event) => event.event === 'warning');
    expect(warnings.map(({ code }) => code)).toEqual(['changeRefused', 'changeRefused']);
    expect(warnings[1].text).toContain('nowhere');
    expect(changesOf(events)).toEqual([]);
  });
});
