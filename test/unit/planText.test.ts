import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { PlanProblem } from '../../src/shared/errors.ts';
import { parsePlanText } from '../../src/shared/planText.ts';
import { locateKey, locatePath } from '../../src/shared/planLines.ts';
import { samplePlan, samplePlanInput } from '../support/plans.ts';

const validText = JSON.stringify(samplePlanInput(), null, 2);

function problemsOf(text: string): PlanProblem[] {
  const result = parsePlanText(text);
  return 'problems' in result ? result.problems : [];
}

/** The plan with one place of its text changed, and the line (1-based) of that place. */
function changed(from: string, to: string): { text: string; line: number } {
  const at = validText.indexOf(from);
  if (at < 0) throw new Error(`"${from}" is not in the plan`);
  return { text: validText.replace(from, to), line: validText.slice(0, at).split('\n').length };
}

describe('parsePlanText', () => {
  it('reads a valid plan and fills in the defaults', () => {
    expect(parsePlanText(validText)).toEqual({ plan: samplePlan() });
    expect(samplePlan().batchSize).toBe(16);
    expect(parsePlanText(`\uFEFF${validText.replaceAll('\n', '\r\n')}`)).toEqual({ plan: samplePlan() });
  });

  it.each([
    ['"epochs": 5', '"epochs": 0', 'phases.0.epochs', 'whole number of at least 1 and at most 100000, not 0', '1'],
    ['"epochs": 5', '"epochs": 2.4', 'phases.0.epochs', 'whole number', '2'],
    ['"epochs": 5', '"epochs": "7"', 'phases.0.epochs', 'must be a whole number', '7'],
    ['"epochs": 10', '"epochs": 1e9', 'phases.1.epochs', 'at most 100000', '100000'],
    ['"learningRate": 0.0001', '"learningRate": 0', 'blocks.b3.learningRate', 'greater than 0', '1e-7'],
    ['"learningRate": 0.0001', '"learningRate": 1e999', 'blocks.b3.learningRate', 'at most 100', '100'],
    ['"headLearningRate": 0.001', '"headLearningRate": -1', 'optimizer.headLearningRate', 'must be a number', '1e-7'],
    ['"-1..1"', '"-1...1"', 'input.range', '"-1..1", "0..1", "0..255", "imagenet" or "caffe", not "-1...1"', '-1..1'],
    ['"adam"', '"Adam"', 'optimizer.name', '"adam", "adamw", "sgd" or "rmsprop"', 'adam'],
    ['"validation": 0.2', '"validation": 1.5', 'data.validation', 'less than 1 or a text', '0.99'],
    ['"validation": 0.2', '"validation": 0', 'data.validation', 'greater than 0', '0.01'],
    ['"validation": 0.2', '"validation": true', 'data.validation', 'not true', undefined],
    ['"model": "models/mobilenet"', '"model": ""', 'model', 'a text that is not empty, not an empty text', undefined],
    ['"version": 1', '"version": "1"', 'version', 'must be 1, not "1"', '1'],
    ['"version": 1', '"version": 0', 'version', 'must be 1, not 0', '1'],
    ['"frozen": true', '"frozen": "true"', 'blocks.b2.frozen', 'must be true or false', 'true'],
    ['"frozen": true', '"frozn": true', 'blocks.b2.frozn', 'unknown key "frozn"', 'frozen'],
    ['"unfreeze": []', '"unfreze": []', 'phases.0.unfreze', 'phases.0 has an unknown key', 'unfreeze'],
    ['"phases": [', '"seed": -3, "phases": [', 'seed', 'whole number of at least 0', '0'],
    [
      '"phases": [',
      '"augment": "stong", "phases": [',
      'augment',
      '"none", "light", "medium", "strong" or an object',
      'strong',
    ],
    ['"phases": [', '"augment": "medum", "phases": [', 'augment', '"medium"', 'medium'],
    [
      '"phases": [',
      '"augment": {"flip": 1, "crop": 0}, "phases": [',
      'augment.flip',
      'true or false, not 1',
      undefined,
    ],
    ['"phases": [', '"augment": {"flip": true, "crop": 0.9}, "phases": [', 'augment.crop', 'at most 0.5', '0.5'],
    [
      '"phases": [',
      '"augment": {"flip": true, "crop": 0, "variant": 2}, "phases": [',
      'augment.variant',
      'unknown',
      'variants',
    ],
    [
      '"phases": [',
      '"augment": {"rotate": 90}, "phases": [',
      'augment.rotate',
      'at least 0 and at most 45, not 90',
      '45',
    ],
    ['"phases": [', '"augment": {"rotate": -5}, "phases": [', 'augment.rotate', 'at least 0', '0'],
    ['"phases": [', '"augment": {"color": 1.5}, "phases": [', 'augment.color', 'at most 1', '1'],
    ['"phases": [', '"augment": {"color": "0.2"}, "phases": [', 'augment.color', 'a number', '0.2'],
    ['"phases": [', '"augment": {"colour": 0.2}, "phases": [', 'augment.colour', 'unknown', 'color'],
    ['"phases": [', '"augment": {"erase": 0.9}, "phases": [', 'augment.erase', 'at most 0.5', '0.5'],
    [
      '"phases": [',
      '"augment": {"variants": 100}, "phases": [',
      'augment.variants',
      'a whole number of at least 1 and at most 64 or "recompute", not 100',
      '64',
    ],
    ['"phases": [', '"augment": {"variants": 0}, "phases": [', 'augment.variants', 'not 0', '1'],
    ['"phases": [', '"augment": {"variants": 2.6}, "phases": [', 'augment.variants', 'whole number', '3'],
    [
      '"phases": [',
      '"augment": {"variants": "recomput"}, "phases": [',
      'augment.variants',
      '64 or "recompute"',
      'recompute',
    ],
    ['"phases": [', '"augment": {"variants": true}, "phases": [', 'augment.variants', 'not true', undefined],
    ['"phases": [', '"classWeights": "atuo", "phases": [', 'classWeights', '"auto", "none" or an object', 'auto'],
    ['"phases": [', '"classWeights": {"iris": -1}, "phases": [', 'classWeights.iris', 'greater than 0', '0.01'],
    ['"phases": [', '"earlyStopping": 5, "phases": [', 'earlyStopping', 'an object or null', undefined],
    ['"phases": [', '"earlyStopping": {"patience": 0}, "phases": [', 'earlyStopping.patience', 'at least 1', '1'],
    ['"unfreeze": []', '"restoreBest": "false"', 'phases.0.restoreBest', 'true or false, not "false"', 'false'],
  ])('%s as %s: %s', (from, to, path, problem, nearest) => {
    const { text, line } = changed(from, to);
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ path, line });
    expect(problems[0].problem).toContain(problem);
    expect(problems[0].nearest).toBe(nearest);
  });

  const names = '"constant", "cosine", "oneCycle", "slantedTriangle" or "reduceOnPlateau"';
  const objects = names.replace(' or', ',');
  it.each([
    ['"cosin"', '', `must be ${objects} or an object, not "cosin".`, 'cosine'],
    ['5', '', `must be ${objects} or an object, not 5.`, undefined],
    ['null', '', 'must be', undefined],
    ['{"name": "onecycle"}', '.name', `must be ${names}, not "onecycle".`, 'oneCycle'],
    ['{"name": 1}', '.name', `must be ${names}, not 1.`, undefined],
    ['{"end": 0.1}', '.name', `phases.0.schedule has no "name"; it must be ${names}.`, undefined],
    ['{"name": "cosine", "end": 1.5}', '.end', 'must be a number of at least 0 and at most 1, not 1.5.', '1'],
    ['{"name": "oneCycle", "end": 0.5}', '.end', 'number of at least 1 and at most 10000000000, not 0.5.', '1'],
    ['{"name": "oneCycle", "start": 1e999}', '.start', 'at most 10000000000, not Infinity.', '10000000000'],
    ['{"name": "oneCycle", "peakAt": 1}', '.peakAt', 'greater than 0 and less than 1, not 1.', '0.99'],
    ['{"name": "slantedTriangle", "cut": 0}', '.cut', 'greater than 0 and less than 1, not 0.', '0.01'],
    ['{"name": "slantedTriangle", "ratio": "64"}', '.ratio', 'not "64".', '64'],
    ['{"name": "reduceOnPlateau", "factor": 1}', '.factor', 'less than 1, not 1.', '0.99'],
    ['{"name": "reduceOnPlateau", "patience": 0}', '.patience', 'a whole number of at least 1', '1'],
    ['{"name": "reduceOnPlateau", "least": -1}', '.least', 'at least 0', '0'],
    ['{"name": "constant", "warmUp": 1}', '.warmUp', 'a number of at least 0 and less than 1, not 1.', '0.99'],
    ['{"name": "cosine", "warmup": 0.1}', '.warmup', 'phases.0.schedule has an unknown key "warmup".', 'warmUp'],
    [
      '{"name": "oneCycle", "warmUp": 0.1}',
      '.warmUp',
      'phases.0.schedule is "oneCycle", which has no "warmUp"; remove it, or take "constant", "cosine" or "reduceOnPlateau" instead.',
      undefined,
    ],
    [
      '{"name": "slantedTriangle", "warmUp": 0.1}',
      '.warmUp',
      'is "slantedTriangle", which has no "warmUp"; remove it, or take "constant", "cosine" or',
      undefined,
    ],
    [
      '{"name": "cosine", "peakAt": 0.3}',
      '.peakAt',
      'is "cosine", which has no "peakAt"; remove it, or take "oneCycle" instead.',
      undefined,
    ],
  ])('a schedule of %s', (schedule, place, problem, nearest) => {
    const { text, line } = changed('"unfreeze": []', `"schedule": ${schedule}`);
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ path: `phases.0.schedule${place}`, line });
    expect(problems[0].problem).toContain(problem);
    expect(problems[0].nearest).toBe(nearest);
  });

  it('reads a schedule as it is written', () => {
    for (const schedule of ['oneCycle', { name: 'oneCycle' }, { name: 'cosine', end: 0, warmUp: 0.1 }]) {
      const { text } = changed('"unfreeze": []', `"schedule": ${JSON.stringify(schedule)}, "restoreBest": false`);
      expect(parsePlanText(text)).toMatchObject({ plan: { phases: [{ schedule, restoreBest: false }, {}] } });
    }
    expect(samplePlan().phases[0]).toEqual({ name: 'head', epochs: 5, unfreeze: [] });
  });

  it('reads an augmentation as it is written', () => {
    for (const augment of [
      'medium',
      {},
      { flip: true, crop: 0.1 },
      { rotate: 45, erase: 0.5, variants: 'recompute' },
    ]) {
      const { text } = changed('"phases": [', `"augment": ${JSON.stringify(augment)}, "phases": [`);
      expect(parsePlanText(text)).toMatchObject({ plan: { augment } });
    }
  });

  it('gives a missing key the line of the object that lacks it', () => {
    const { text } = changed('"channels": "rgb"', '"x": 1');
    const lines = validText.split('\n');
    const inputLine = lines.findIndex((line) => line.includes('"input"')) + 1;
    expect(problemsOf(text)).toContainEqual({
      path: 'input.channels',
      line: inputLine,
      problem: 'input has no "channels"; it must be "rgb" or "gray".',
    });
    const root = problemsOf('\n{ "version": 1 }');
    expect(root.map((problem) => problem.path)).toEqual([
      'model',
      'input',
      'data',
      'head',
      'blocks',
      'phases',
      'optimizer',
    ]);
    expect(new Set(root.map((problem) => problem.line))).toEqual(new Set([2]));
  });

  it('reports a missing version with the one to write', () => {
    const { text } = changed('"version": 1,', '');
    expect(problemsOf(text)).toEqual([
      { path: 'version', line: 1, problem: 'The plan has no "version"; it must be 1.', nearest: '1' },
    ]);
  });

  it('says of a newer version only that', () => {
    const { text, line } = changed('"version": 1', '"version": 2, "novelty": true');
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ path: 'version', line, nearest: '1' });
    expect(problems[0].problem).toMatch(/^The plan was written by a newer Thaw \(version 2\)/);
  });

  it('takes a misspelled required key as one mistake', () => {
    const { text, line } = changed('"epochs": 10', '"epoch": 10');
    expect(problemsOf(text)).toEqual([
      { path: 'phases.1.epoch', line, problem: 'phases.1 has an unknown key "epoch".', nearest: 'epochs' },
    ]);
  });

  it('reports all mistakes in the order of their lines', () => {
    const text = validText.replace('"adam"', '"adm"').replace('"rgb"', '"rbg"').replace('"epochs": 5', '"epochs": -5');
    expect(problemsOf(text).map((problem) => problem.path)).toEqual([
      'input.channels',
      'phases.0.epochs',
      'optimizer.name',
    ]);
  });

  it('refuses a key that is written twice', () => {
    const { text, line } = changed('"channels": "rgb"', '"channels": "rgb", "range": "0..1"');
    expect(problemsOf(text)).toEqual([
      { path: 'input.range', line, problem: '"range" is written twice in the same object; remove one of them.' },
    ]);
    expect(problemsOf(changed('"b3": {', '"b2": {').text)[0].path).toBe('blocks.b2');
  });

  it('refuses names that are no names', () => {
    expect(problemsOf(changed('"b3": {', '"": {').text)[0].problem).toBe('blocks has an empty name; write one.');
    expect(problemsOf(changed('"b3": {', '"__proto__": {').text)[0].problem).toContain('"__proto__" cannot be used');
  });

  it.each([
    ['{\n  "a": 1,\n}', 2, 'The comma before "}" is one too many; remove it.'],
    ['{\n  "a": [1,\n  2,\n  ]}', 3, 'The comma before "]" is one too many; remove it.'],
    ['{\n  "a": 1\n  "b": 2\n}', 2, 'A comma is missing after this value.'],
    ['{\n  "a" 1\n}', 2, 'A colon is missing after the key.'],
    ['{\n  // note\n  "a": 1\n}', 2, 'Comments are not allowed in a plan; remove this one.'],
    ['{\n  "a": adam\n}', 2, 'This is no JSON value: texts stand in double quotes.'],
    ['{\n  "a": 1\n', 2, 'A closing "}" is missing.'],
    ['{}\n{}', 2, 'There is text after the end of the plan; remove it.'],
    ['{\n"a": "b\n}', 2, 'A text does not end: its closing double quote is missing.'],
    ['', 1, 'The plan is empty.'],
    [' \n', 1, 'The plan is empty.'],
    ['[]', 1, 'The plan must be an object, not an empty list.'],
    ['null', 1, 'The plan must be an object, not null.'],
  ])('%j: line %d, %s', (text, line, problem) => {
    expect(problemsOf(text)[0]).toMatchObject({ line, problem });
  });

  it('survives any text', () => {
    const damaged = fc
      .tuple(fc.nat(validText.length), fc.nat(12), fc.string({ maxLength: 5 }))
      .map(([at, length, word]) => validText.slice(0, at) + word + validText.slice(at + length));
    fc.assert(
      fc.property(fc.oneof(damaged, fc.json(), fc.string()), (text) => {
        const result = parsePlanText(text);
        if ('plan' in result) return;
        expect(result.problems.length).toBeGreaterThan(0);
        for (const { line, problem } of result.problems) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(text.split(/\r\n|\r|\n/).length);
          expect(problem).toMatch(/^\S.*\.$/s);
        }
      }),
      { seed: 7, numRuns: 500 },
    );
    expect(problemsOf('['.repeat(200_000))).toHaveLength(1);
  });
});

describe('locatePath', () => {
  const text = '{\r\n "a":\r\n  5,\r"b": [\n 1,\n {"c":\n {}}\n]}';

  it('gives a value its own line and a container that of its key', () => {
    expect(locatePath(text, ['a'])).toBe(3);
    expect(locatePath(text, ['b'])).toBe(4);
    expect(locatePath(text, ['b', 0])).toBe(5);
    expect(locatePath(text, ['b', 1])).toBe(6);
    expect(locatePath(text, ['b', 1, 'c'])).toBe(6);
  });

  it('falls back to the nearest parent', () => {
    expect(locatePath(text, ['b', 1, 'c', 'x', 'y'])).toBe(6);
    expect(locatePath(text, ['x'])).toBe(1);
    expect(locatePath('', ['x'])).toBe(1);
  });

  it('finds keys', () => {
    expect(locateKey(text, ['a'])).toBe(2);
    expect(locateKey(text, ['b', 0])).toBe(5);
    expect(locateKey(text, ['nothing'])).toBe(1);
  });
});
