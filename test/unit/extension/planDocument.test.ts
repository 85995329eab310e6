import { describe, expect, it } from 'vitest';
import { changeText, readPlanDocument } from '../../../src/extension/planDocument.ts';
import { applyPlanEdit } from '../../../src/shared/planEdits.ts';
import { parsePlanText } from '../../../src/shared/planText.ts';
import type { PlanLayer, PlanNetwork } from '../../../src/shared/planView.ts';
import { samplePlan, samplePlanInput } from '../../support/plans.ts';

const layer = (name: string, parameters: number): PlanLayer => {
  return { name, type: 'Conv2D', outputShape: [4, 4, 8], parameters, learnable: parameters, normalization: false };
};
const network: PlanNetwork = {
  title: 'example',
  inputShape: [32, 32, 3],
  blocks: ['b1', 'b2', 'b3'].map((name) => ({
    name,
    layers: [layer(`${name}_conv`, 100), layer(`${name}_bn`, 10), layer(`${name}_act`, 0)],
  })),
  head: [layer('head', 20)],
  totalParameters: 350,
};

/** Applies a change as the editor would. */
function applied(text: string, change: ReturnType<typeof changeText>): string {
  return change ? text.slice(0, change.offset) + change.text + text.slice(change.offset + change.length) : text;
}

const text = `${JSON.stringify(samplePlanInput(), null, 2)}\n`;

describe('changeText', () => {
  it('changes one value and nothing around it', () => {
    const change = changeText(text, [{ path: ['blocks', 'b3', 'learningRate'], value: 0.002 }]);
    const after = applied(text, change);
    expect(after).toBe(text.replace('"learningRate": 0.0001', '"learningRate": 0.002'));
    expect(change?.length).toBeLessThan(8);
  });

  it('keeps the way the rest is written: tabs, spaces, line ends, order and lists on one line', () => {
    const odd = '{\r\n\t"b":   1,\r\n\t"list": [ 1,2 ],\r\n\t"a": {\r\n\t\t"x": 1\r\n\t}\r\n}\r\n';
    const after = applied(odd, changeText(odd, [{ path: ['a', 'y'], value: { z: true } }]));
    const added = ',\r\n\t\t"y": {\r\n\t\t\t"z": true\r\n\t\t}';
    expect(after).toBe(odd.replace('"x": 1', `"x": 1${added}`));
  });

  it('makes one stretch of several changes, and removes keys', () => {
    const change = changeText(text, [
      { path: ['blocks', 'b2'], value: undefined },
      { path: ['phases', 1, 'unfreeze'], value: ['b3'] },
    ]);
    const parsed = JSON.parse(applied(text, change)) as ReturnType<typeof samplePlanInput>;
    expect(Object.keys(parsed.blocks)).toEqual(['b3']);
    expect(parsed.phases[1].unfreeze).toEqual(['b3']);
    expect(parsed.phases[0]).toEqual(samplePlanInput().phases[0]);
  });

  it('has nothing to change where the text says it already', () => {
    expect(changeText(text, [])).toBeNull();
    expect(changeText(text, [{ path: ['version'], value: 1 }])).toBeNull();
  });

  it('writes what an edit of the editor means, and the plan stays valid', () => {
    const { changes } = applyPlanEdit(samplePlan(), { kind: 'freezeUpTo', block: 'b2' }, { network });
    const after = applied(text, changeText(text, changes));
    const parsed = parsePlanText(after);
    if ('problems' in parsed) throw new Error(parsed.problems[0].problem);
    expect(parsed.plan.blocks.b3.frozen).toBe(false);
    expect(readPlanDocument(after, null, network).problems).toEqual([]);
  });
});

describe('readPlanDocument', () => {
  it('keeps the last valid plan while the text has a fault, and says in which line it is', () => {
    const last = samplePlan();
    const broken = text.replace('"version": 1', '"version": ');
    expect(readPlanDocument(broken, last, network)).toEqual({
      plan: last,
      problems: [expect.objectContaining({ line: 2 }) as object],
    });
  });

  it('finds names that the network does not have, once it is known', () => {
    const wrong = text.replaceAll('"b3": {', '"b33": {');
    expect(readPlanDocument(wrong, null, null).problems).toEqual([]);
    const line = wrong.split('\n').findIndex((each) => each.includes('"b33"')) + 1;
    const [first] = readPlanDocument(wrong, null, network).problems;
    expect(first).toMatchObject({ path: 'blocks.b33', line, nearest: 'b3' });
  });
});
