import type * as tf from '@tensorflow/tfjs-core';
import type { NodeBackend } from './nodeBackend.ts';

/** Calls operations of TensorFlow by name; their attributes are those of https://www.tensorflow.org/api_docs/python/tf/raw_ops. */
export class Operations {
  constructor(private readonly backend: NodeBackend) {}

  /** The first result of an operation on float32 tensors. The receiver disposes of it. */
  run(name: string, inputs: tf.TensorInfo[], attributes: Attribute[] = []): tf.Tensor {
    const { binding } = this.backend;
    const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
    return this.backend.executeSingleOutput(name, [type, ...attributes.map((each) => this.encode(each))], inputs);
  }

  private encode({ name, kind, value }: Attribute): { name: string; type: number; value: Attribute['value'] } {
    const { binding } = this.backend;
    const types = {
      ints: binding.TF_ATTR_INT,
      string: binding.TF_ATTR_STRING,
      bool: binding.TF_ATTR_BOOL,
      type: binding.TF_ATTR_TYPE,
    };
    return { name, type: types[kind], value };
  }
}

/** An attribute of an operation; `type` takes a number of the binding, such as `TF_INT32`. */
export type Attribute =
  | { name: string; kind: 'ints'; value: number[] }
  | { name: string; kind: 'string'; value: string }
  | { name: string; kind: 'bool'; value: boolean }
  | { name: string; kind: 'type'; value: number };

/** The order of the axes of images: batch, height, width, channels. */
export const CHANNELS_LAST: Attribute = { name: 'data_format', kind: 'string', value: 'NHWC' };
