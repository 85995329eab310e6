/** What a graph of TensorFlow is made of, before it becomes a message. */

/** Values that do not change from one run of a graph to the next. */
export interface Constant {
  /** The number of the binding for its type, such as `TF_FLOAT`. */
  dtype: number;
  shape: number[];
  bytes: Uint8Array;
}

export interface GraphNode {
  name: string;
  operation: string;
  /** Results of other nodes: `name` or `name:1`. */
  inputs: string[];
  attributes: OperationAttribute[];
  /** Of a `Const`. */
  constant?: Constant;
}

/** As the binding of @tensorflow/tfjs-node takes them. */
export interface OperationAttribute {
  name: string;
  type: number;
  value: unknown;
}
