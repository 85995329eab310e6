import type * as tf from '@tensorflow/tfjs-core';
import type { GraphNode, OperationAttribute } from './graph.ts';
import { type Binding, internalsOf, type NodeBackend } from './nodeBackend.ts';

/** A function as a graph: what it was given, what it computed, and how. */
export interface RecordedGraph {
  nodes: GraphNode[];
  /** Names of the placeholders, in the order of the inputs. */
  inputs: string[];
  /** Names of results, in the order of the outputs. */
  outputs: string[];
}

/**
 * Runs `compute` once and writes down the operations of TensorFlow that it runs. Tensors that it uses and that are not
 * among the inputs become constants: they must not change later. So must not what it computes in JavaScript. The graph is
 * null where it cannot be written down: two inputs are one tensor, or a constant is of a type that graphs do not hold here.
 */
export function recordGraph(
  backend: NodeBackend,
  inputs: readonly tf.Tensor[],
  compute: () => tf.Tensor[],
): { graph: RecordedGraph | null; outputs: tf.Tensor[] } {
  const { binding } = backend;
  const idsOf = (tensors: readonly tf.Tensor[]): number[] => internalsOf(backend).getInputTensorIds(tensors);
  const recorder = new Recorder(binding);
  const inputIds = idsOf(inputs);
  const names = inputs.map((input, index) => recorder.addInput(inputIds[index], input, backend));
  backend.binding = recorder.binding;
  try {
    const outputs = compute();
    const results = idsOf(outputs).map((id) => recorder.nameOf(id));
    const graph = { nodes: recorder.nodes, inputs: names, outputs: results };
    return { graph: recorder.isWhole ? graph : null, outputs };
  } finally {
    backend.binding = binding;
  }
}

class Recorder {
  readonly nodes: GraphNode[] = [];
  /** The binding in whose place this one is, with the operations written down. */
  readonly binding: Binding;
  /** Of tensors by their number in the binding. */
  private readonly names = new Map<number, string>();
  isWhole = true;

  constructor(private readonly stock: Binding) {
    this.binding = Object.create(stock, {
      executeOp: { value: this.executeOp.bind(this) },
    }) as Binding;
  }

  addInput(id: number, tensor: tf.Tensor, backend: NodeBackend): string {
    if (this.names.has(id)) this.isWhole = false;
    const name = `input${this.nodes.length}`;
    const { TF_ATTR_TYPE, TF_ATTR_SHAPE } = this.stock;
    const attributes = [
      { name: 'dtype', type: TF_ATTR_TYPE, value: backend.getDTypeInteger(tensor.dtype) },
      { name: 'shape', type: TF_ATTR_SHAPE, value: tensor.shape },
    ];
    this.nodes.push({ name, operation: 'Placeholder', inputs: [], attributes });
    this.names.set(id, `${name}:0`);
    return `${name}:0`;
  }

  /** The name of a tensor in the graph; one that no operation made is a constant. */
  nameOf(id: number): string {
    const present = this.names.get(id);
    if (present !== undefined) return present;
    const { values, dtype, shape } = this.constantOf(id);
    const name = `constant${this.nodes.length}`;
    const attributes = [{ name: 'dtype', type: this.stock.TF_ATTR_TYPE, value: dtype }];
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.nodes.push({ name, operation: 'Const', inputs: [], attributes, constant: { dtype, shape, bytes } });
    this.names.set(id, `${name}:0`);
    return `${name}:0`;
  }

  /** The binding does not tell the shape of a tensor; an operation that does nothing does. */
  private constantOf(id: number): { values: Float32Array | Int32Array | Uint8Array; dtype: number; shape: number[] } {
    const values = this.stock.tensorDataSync(id);
    const dtype = this.dtypeOf(values);
    const type = { name: 'T', type: this.stock.TF_ATTR_TYPE, value: dtype };
    const [copy] = this.stock.executeOp('Identity', [type], [id], 1);
    this.stock.deleteTensor(copy.id);
    return { values, dtype, shape: copy.shape };
  }

  private dtypeOf(values: unknown): number {
    if (values instanceof Float32Array) return this.stock.TF_FLOAT;
    if (values instanceof Int32Array) return this.stock.TF_INT32;
    if (values instanceof Uint8Array) return this.stock.TF_BOOL;
    this.isWhole = false;
    return this.stock.TF_STRING;
  }

  private executeOp(
    operation: string,
    attributes: OperationAttribute[],
    inputIds: number[],
    count: number,
  ): ReturnType<Binding['executeOp']> {
    const inputs = inputIds.map((id) => this.nameOf(id));
    const results = this.stock.executeOp(operation, attributes as Parameters<Binding['executeOp']>[1], inputIds, count);
    const name = `node${this.nodes.length}`;
    this.nodes.push({ name, operation, inputs, attributes });
    results.forEach(({ id }, index) => this.names.set(id, `${name}:${index}`));
    return results;
  }
}
