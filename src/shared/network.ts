/** What the parts tell each other about a network; filled by the trainer, read by all. */

/** One layer call in topological order. A shared layer appears once per call. */
export interface GraphNode {
  layer: string;
  /** Class name, such as `Conv2D`. */
  type: string;
  /** Indexes of the nodes whose outputs this one takes. */
  inputs: number[];
  /** Shape without the batch dimension; null where it is not fixed. */
  outputShape: (number | null)[];
  /** Number of weights (trainable and not). */
  parameters: number;
  /** Of convolutions: height and width of the kernel, and strides. */
  kernelSize?: number[];
  strides?: number[];
  /** Name of the activation built into the layer, or of the activation layer itself. */
  activation?: string;
}

/** A network as a directed acyclic graph with one input and one output (the last node). */
export interface NetworkGraph {
  nodes: GraphNode[];
}

/** A group of neighbouring layers that are frozen together. Every layer belongs to exactly one block. */
export interface Block {
  name: string;
  layers: string[];
}
