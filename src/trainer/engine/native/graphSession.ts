import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { encodeSavedModel, GRAPH_TAG } from './graphMessage.ts';
import { internalsOf, type NodeBackend } from './nodeBackend.ts';
import type { RecordedGraph } from './recordGraph.ts';

/** A graph in a session of TensorFlow, which fuses what it can, reuses memory and keeps to no order but that of the data. */
export class GraphSession {
  private readonly id: number;
  private readonly inputs: string;
  private readonly outputs: string;

  /** Throws what TensorFlow says of a graph that it does not take. */
  constructor(
    private readonly backend: NodeBackend,
    graph: RecordedGraph,
  ) {
    this.inputs = graph.inputs.join(',');
    this.outputs = graph.outputs.join(',');
    this.id = loadGraph(backend, graph);
  }

  /** Results in the order of the graph's outputs, which the receiver disposes of. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const internals = internalsOf(this.backend);
    const ids = internals.getInputTensorIds(inputs);
    const results = this.backend.binding.runSavedModel(this.id, ids, this.inputs, this.outputs);
    return results.map((result) => internals.createOutputTensor(result));
  }

  dispose(): void {
    this.backend.binding.deleteSavedModel(this.id);
  }
}

/** Graphs get into a session of @tensorflow/tfjs-node from the file of a saved model only. */
function loadGraph(backend: NodeBackend, graph: RecordedGraph): number {
  const folder = mkdtempSync(join(tmpdir(), 'thaw-graph-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(graph.nodes, backend.binding));
    mkdirSync(join(folder, 'variables'));
    return backend.binding.loadSavedModel(folder, GRAPH_TAG);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
