import * as tf from '@tensorflow/tfjs-core';
import type { CompiledFunction } from '../engine.ts';
import { GraphSession } from './graphSession.ts';
import type { NodeBackend } from './nodeBackend.ts';
import { recordGraph } from './recordGraph.ts';

/** Beyond it graph and function do not compute the same: a share of the largest value of a result. */
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

function requireEqual(results: readonly tf.Tensor[], expected: readonly tf.Tensor[]): void {
  results.forEach((result, index) => {
    const [values, others] = [result.dataSync(), expected[index].dataSync()];
    let [difference, largest] = [0, 0];
    others.forEach((value, place) => {
      difference = Math.max(difference, Math.abs(value - values[place]));
      largest = Math.max(largest, Math.abs(value));
    });
    // Where a value is not finite, both are the same mistake of the training.
    if (difference > LARGEST_DIFFERENCE * largest) throw new Error(`its result ${index} is another`);
  });
}
