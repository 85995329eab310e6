interface TensorEntry {
  dtype: 'F32';
  shape: number[];
  data_offsets: [number, number];
}

/** Tensors by name; values are float32 in row-major order. */
export type TensorMap = Map<string, { shape: number[]; values: Float32Array }>;

/**
 * Float32 tensors as the bytes of a safetensors file (https://huggingface.co/docs/safetensors: length of the header as a
 * 64-bit little-endian integer, the header as JSON, the values one after the other).
 */
export function encodeTensors(tensors: TensorMap): Uint8Array {
  const header: Record<string, TensorEntry> = {};
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const text = JSON.stringify(header);
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8, ' '), 'latin1');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const bodies = [...tensors.values()].map(({ values }) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  );
  return Buffer.concat([length, json, ...bodies]);
}

/** Reads what `encodeTensors` made. Throws an `Error` where it is cut off or no safetensors file. */
export function decodeTensors(bytes: Buffer): TensorMap {
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('latin1', 8, 8 + headerLength)) as Record<string, TensorEntry>;
  const tensors: TensorMap = new Map();
  for (const [name, { shape, data_offsets: offsets }] of Object.entries(header)) {
    const [start, end] = offsets.map((offset) => offset + 8 + headerLength);
    if (end > bytes.length) throw new Error('the file is cut off');
    tensors.set(name, { shape, values: new Float32Array(new Uint8Array(bytes.subarray(start, end)).buffer) });
  }
  return tensors;
}
