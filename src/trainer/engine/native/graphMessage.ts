import messages, {
  type AttrValueMessage,
  type NodeMessage,
  type TensorShapeMessage,
} from '@tensorflow/tfjs-node/dist/proto/api_pb.js';
import type { Constant, GraphNode, OperationAttribute } from './graph.ts';
import type { Binding } from './nodeBackend.ts';

/** Tag of the only graph of a model, as TensorFlow looks it up. */
export const GRAPH_TAG = 'serve';

/** Format of saved models (https://www.tensorflow.org/guide/saved_model). */
const SCHEMA_VERSION = 1;

/** The version of graphs that TensorFlow 2.6 wrote; every later one reads it. */
const GRAPH_VERSION = 808;

/** A graph as the content of `saved_model.pb`. */
export function encodeSavedModel(nodes: readonly GraphNode[], binding: Binding): Uint8Array {
  const graph = new messages.GraphDef();
  graph.setNodeList(nodes.map((node) => encodeNode(node, binding)));
  const versions = new messages.VersionDef();
  versions.setProducer(GRAPH_VERSION);
  graph.setVersions(versions);
  const information = new messages.MetaGraphDef.MetaInfoDef();
  information.addTags(GRAPH_TAG);
  const metaGraph = new messages.MetaGraphDef();
  metaGraph.setMetaInfoDef(information);
  metaGraph.setGraphDef(graph);
  const model = new messages.SavedModel();
  model.setSavedModelSchemaVersion(SCHEMA_VERSION);
  model.addMetaGraphs(metaGraph);
  return model.serializeBinary();
}

function encodeNode(node: GraphNode, binding: Binding): NodeMessage {
  const message = new messages.NodeDef();
  message.setName(node.name);
  message.setOp(node.operation);
  message.setInputList(node.inputs);
  const map = message.getAttrMap();
  for (const attribute of node.attributes) map.set(attribute.name, encodeAttribute(attribute, binding));
  if (node.constant) map.set('value', encodeConstant(node.constant));
  return message;
}

function encodeConstant({ dtype, shape, bytes }: Constant): AttrValueMessage {
  const tensor = new messages.Tensor();
  tensor.setDtype(dtype);
  tensor.setTensorShape(encodeShape(shape));
  tensor.setTensorContent(bytes);
  const value = new messages.AttrValue();
  value.setTensor(tensor);
  return value;
}

function encodeShape(shape: readonly number[]): TensorShapeMessage {
  const message = new messages.TensorShape();
  for (const size of shape) message.addDim().setSize(size);
  return message;
}

function encodeAttribute({ name, type, value }: OperationAttribute, binding: Binding): AttrValueMessage {
  const message = new messages.AttrValue();
  const list = Array.isArray(value) ? new messages.AttrValue.ListValue() : undefined;
  switch (type) {
    case binding.TF_ATTR_STRING:
      message.setS(Buffer.from(value as string).toString('base64'));
      break;
    case binding.TF_ATTR_INT:
      if (list) list.setIList(value as number[]);
      else message.setI(value as number);
      break;
    case binding.TF_ATTR_FLOAT:
      if (list) list.setFList(value as number[]);
      else message.setF(value as number);
      break;
    case binding.TF_ATTR_BOOL:
      if (list) list.setBList(value as boolean[]);
      else message.setB(value as boolean);
      break;
    case binding.TF_ATTR_TYPE:
      message.setType(value as number);
      break;
    case binding.TF_ATTR_SHAPE:
      message.setShape(encodeShape(value as number[]));
      return message;
    default:
      throw new Error(`the attribute ${name} has the unknown type ${type}`);
  }
  if (list) message.setList(list);
  return message;
}
