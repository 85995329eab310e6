/** The messages of TensorFlow (https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf) that graphs are made of. */
declare module '@tensorflow/tfjs-node/dist/proto/api_pb.js' {
  interface MessageMap<T> {
    set(key: string, value: T): void;
  }
  class Tensor {
    setDtype(value: number): void;
    setTensorShape(value: TensorShape): void;
    setTensorContent(value: Uint8Array): void;
  }
  class TensorShape {
    addDim(): { setSize(value: number): void };
  }
  class AttrValue {
    setList(value: AttrValueList): void;
    setS(value: string): void;
    setI(value: number): void;
    setF(value: number): void;
    setB(value: boolean): void;
    setType(value: number): void;
    setShape(value: TensorShape): void;
    setTensor(value: Tensor): void;
  }
  class AttrValueList {
    setIList(values: number[]): void;
    setFList(values: number[]): void;
    setBList(values: boolean[]): void;
  }
  class NodeDef {
    setName(value: string): void;
    setOp(value: string): void;
    setInputList(values: string[]): void;
    getAttrMap(): MessageMap<AttrValue>;
  }
  class VersionDef {
    setProducer(value: number): void;
  }
  class GraphDef {
    setNodeList(nodes: NodeDef[]): void;
    setVersions(value: VersionDef): void;
  }
  class MetaInfoDef {
    addTags(tag: string): void;
  }
  class MetaGraphDef {
    setMetaInfoDef(value: MetaInfoDef): void;
    setGraphDef(value: GraphDef): void;
  }
  interface SavedModel {
    setSavedModelSchemaVersion(value: number): void;
    addMetaGraphs(value: MetaGraphDef): void;
    serializeBinary(): Uint8Array;
  }
  namespace messages {
    export type TensorMessage = Tensor;
    export type TensorShapeMessage = TensorShape;
    export type AttrValueMessage = AttrValue;
    export type NodeMessage = NodeDef;
  }
  const messages: {
    Tensor: typeof Tensor;
    TensorShape: typeof TensorShape;
    AttrValue: typeof AttrValue & { ListValue: typeof AttrValueList };
    NodeDef: typeof NodeDef;
    VersionDef: typeof VersionDef;
    GraphDef: typeof GraphDef;
    MetaGraphDef: typeof MetaGraphDef & { MetaInfoDef: typeof MetaInfoDef };
    SavedModel: new () => SavedModel;
  };
  export = messages;
}
