/** Memory of a WebAssembly module; `buffer` is another one after it has grown. */
export interface WebAssemblyMemory {
  readonly buffer: ArrayBufferLike;
}

interface WebAssemblyInstance {
  readonly exports: object;
}

/** The part of WebAssembly that is used here. TypeScript declares it only together with the DOM. */
interface WebAssemblyInterface {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<WebAssemblyInstance>;
  readonly Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => WebAssemblyMemory;
  readonly RuntimeError: new (message?: string) => Error;
}

export const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyInterface }).WebAssembly;
