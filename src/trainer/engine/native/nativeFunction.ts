import * as tf from '@tensorflow/tfjs-core';
import type { CompiledFunction } from '../engine.ts';
import { GraphSession } from './graphSession.ts';
import type { NodeBackend } from './nodeBackend.ts';
import { recordGraph } from './recordGraph.ts';

/** Beyond it graph and function do not compute the same: a share of the largest value of a result, or of the middle one. */
const LARGEST_DIFFERENCE = 1e-3;

/** Shapes of inputs whose graphs are kept at a time. */
const GRAPHS = 6;

/**
 * A function as one graph of TensorFlow for each shape of its inputs: recorded when the shape first comes, compared with
 * what was computed then, and used from then on. Where TensorFlow does not take a graph, or it computes something else,
 * the function itself goes on being used.
 */
export class NativeFunction implements CompiledFunction {
  /** In order of use; null where the function itself is used. */
  private readonly graphs = new Map<string, GraphSession | null>();

  constructor(
    private readonly backend: NodeBackend,
    private readonly variables: readonly tf.Variable[],
    private readonly compute: (inputs: readonly tf.Tensor[]) => tf.Tensor[],
  ) {}

  run(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const key = inputs.map(({ dtype, shape }) => `${dtype}${shape.join('x')}`).join(' ');
    const graph = this.graphs.get(key);
    if (graph === undefined) return this.record(key, inputs);
    this.graphs.delete(key);
    this.graphs.set(key, graph);
    return graph?.run([...inputs, ...this.variables]) ?? this.compute(inputs);
  }

  dispose(): void {
    for (const graph of this.graphs.values()) graph?.dispose();
    this.graphs.clear();
  }

  private record(key: string, inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const all = [...inputs, ...this.variables];
    const { graph, outputs } = recordGraph(this.backend, all, () => this.compute(inputs));
    const [oldest] = this.graphs.keys();
    if (this.graphs.size >= GRAPHS) {
      this.graphs.get(oldest)?.dispose();
      this.graphs.delete(oldest);
    }
    if (graph === null) {
      this.graphs.set(key, null);
      return outputs;
    }
    try {
      const session = new GraphSession(this.backend, graph);
      this.graphs.set(key, session);
      const results = session.run(all);
      requireEqual(results, outputs);
      tf.dispose(outputs);
      return results;
    } catch (error) {
      console.error(`A graph is not used: ${error instanceof Error ? error.message : String(error)}`);
      this.graphs.get(key)?.dispose();
      this.graphs.set(key, null);
      return outputs;
    }
  }
}

/**
 * Throws where a result differs from what is expected. The gradient of what shifts channels that batch normalization centers
 * again is zero but for rounding, and no two ways of computing it agree: results smaller than the middle one are held to
 * the size of that.
 */
function requireEqual(results: readonly tf.Tensor[], expected: readonly tf.Tensor[]): void {
  const pairs = results.map((result, index) => compare(result, expected[index]));
  const sizes = pairs.map(({ largest }) => largest).sort((one, other) => one - other);
  const middle = sizes[Math.floor(sizes.length / 2)];
  const other = pairs.findIndex(
    ({ difference, largest }) => difference > LARGEST_DIFFERENCE * Math.max(largest, middle),
  );
  if (other >= 0) throw new Error(`its result ${other} is another`);
}

/** Where a value is not finite, both are NaN: the same mistake of the training. */
function compare(result: tf.Tensor, expected: tf.Tensor): { difference: number; largest: number } {
  const [values, others] = [result.dataSync(), expected.dataSync()];
  let [difference, largest] = [0, 0];
  others.forEach((value, place) => {
    difference = Math.max(difference, Math.abs(value - values[place]));
    largest = Math.max(largest, Math.abs(value));
  });
  return { difference, largest };
}
