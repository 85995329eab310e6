import * as tf from '@tensorflow/tfjs-core';
import type { CompiledFunction, Engine } from '../engine/engine.ts';
import { layerWeights } from './layerWeights.ts';
import { type FoldedConstants, inferSteps, valueOf } from './runSteps.ts';
import { layersOf, type Step, type ValueId } from './steps.ts';

/** What of a sequence of steps is computed, and from what. */
export interface Stretch {
  steps: Step[];
  given: readonly ValueId[];
  wanted: ValueId[];
  constants: FoldedConstants;
}

/** Steps in inference mode, as one function of the engine. Dispose of it when weights that it takes for constant change. */
export class CompiledSteps {
  private readonly compiled: CompiledFunction;
  /** The wanted values that are not given already. */
  private readonly computed: ValueId[];

  /** @param variables weights of the steps that may change between two runs */
  constructor(
    engine: Engine,
    private readonly stretch: Stretch,
    variables: readonly tf.Variable[],
  ) {
    const { steps, given, wanted, constants } = stretch;
    this.computed = wanted.filter((id) => !given.includes(id));
    this.compiled = engine.compile(variables, (inputs) => {
      const values = new Map(given.map((id, index) => [id, inputs[index]]));
      return inferSteps(engine, steps, values, this.computed, constants);
    });
  }

  /** The wanted values, in their order. The caller owns inputs and results. */
  run(values: ReadonlyMap<ValueId, tf.Tensor>): tf.Tensor[] {
    const inputs = this.stretch.given.map((id) => valueOf(values, id));
    const results = this.computed.length === 0 ? [] : this.compiled.run(inputs);
    const byId = new Map(this.computed.map((id, index) => [id, results[index]]));
    return this.stretch.wanted.map((id) => byId.get(id) ?? tf.clone(valueOf(values, id)));
  }

  dispose(): void {
    this.compiled.dispose();
  }
}

/** Weights that steps read while they run: of those that are folded for good, none. */
export function weightsRead(steps: readonly Step[], constants: FoldedConstants): tf.Variable[] {
  const variables = new Set<tf.Variable>();
  for (const step of steps) {
    if (constants.get(step)) continue;
    for (const layer of layersOf(step)) for (const { variable } of layerWeights(layer)) variables.add(variable);
  }
  return [...variables];
}
