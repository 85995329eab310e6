import { applyEdits, modify } from 'jsonc-parser';
import { type PlanContext } from '../../src/shared/planCheck.ts';
import type { Plan } from '../../src/shared/plan.ts';
import { applyPlanEdit, type PlanEdit } from '../../src/shared/planEdits.ts';
import { parsePlanText } from '../../src/shared/planText.ts';
import type { PlanBlockView, PlanData, PlanLayer, PlanNetwork } from '../../src/shared/planView.ts';
import { dataBand } from '../../src/shared/dataBand.ts';

/** A block of a convolution (100 parameters), its normalization (20, of which 10 learn) and a weightless activation. */
export function networkBlock(name: string): PlanBlockView {
  const layer = (kind: string, type: string, parameters: number, learnable: number): PlanLayer => {
    const normalization = type === 'BatchNormalization';
    return { name: `${name}_${kind}`, type, outputShape: [8, 8, 4], parameters, learnable, normalization };
  };
  return {
    name,
    layers: [layer('conv', 'Conv2D', 100, 100), layer('bn', 'BatchNormalization', 20, 10), layer('act', 'ReLU', 0, 0)],
  };
}

/** A network of such blocks with a head of 15 parameters; `b1`, `b2` and `b3` are the network of the sample plan. */
export function planNetwork(names: readonly string[] = ['b1', 'b2', 'b3']): PlanNetwork {
  const layer = { name: 'predictions', type: 'Dense', outputShape: [3], parameters: 15, learnable: 15 };
  return {
    title: 'Sample',
    inputShape: [8, 8, 3],
    blocks: names.map(networkBlock),
    head: [{ ...layer, normalization: false }],
    totalParameters: names.length * 120 + 15,
  };
}

export function contextOf(network: PlanNetwork): PlanContext {
  const layers = [...network.blocks.flatMap((block) => block.layers), ...network.head];
  return {
    blocks: network.blocks.map((block) => ({ name: block.name, layers: block.layers.map((layer) => layer.name) })),
    layers: layers.map((layer) => ({ name: layer.name, weighted: layer.parameters > 0 })),
  };
}

/** Images as they would be counted for a plan of three classes. */
export function planData(perClass: number): PlanData {
  const classes = ['aster', 'daisy', 'iris'];
  return {
    root: 'flowers/train',
    classes,
    perClass: Object.fromEntries(classes.map((name) => [name, perClass])),
    band: dataBand(classes.map(() => perClass)),
    problems: [],
  };
}

/** The text of a plan file after an edit, changed as the editor changes it. */
export function editText(
  text: string,
  edit: PlanEdit,
  network: PlanNetwork | null,
  data: PlanData | null = null,
): { text: string; paths: string[]; label: string } {
  const { changes, label } = applyPlanEdit(planOf(text), edit, { network, data });
  const edited = changes.reduce(
    (current, { path, value }) =>
      applyEdits(current, modify(current, path, value, { formattingOptions: { insertSpaces: true, tabSize: 2 } })),
    text,
  );
  return { text: edited, paths: changes.map(({ path }) => path.join('.')), label };
}

/** Throws where the text is no plan. */
export function planOf(text: string): Plan {
  const parsed = parsePlanText(text);
  if ('problems' in parsed) throw new Error(parsed.problems.map(({ problem }) => problem).join(' '));
  return parsed.plan;
}
