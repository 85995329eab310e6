/** Types a weight can have in a LayersModel. */
export const WEIGHT_TYPES = ['float32', 'int32', 'bool'] as const;
export const QUANTIZED_TYPES = ['uint8', 'uint16', 'float16'] as const;

export type WeightType = (typeof WEIGHT_TYPES)[number];

/** How a weight was made smaller on disk: `value = stored * scale + min`, or a 16-bit float. */
export type Quantization = { dtype: 'uint8' | 'uint16'; scale: number; min: number } | { dtype: 'float16' };

export interface StoredWeight {
  shape: number[];
  dtype: WeightType;
  quantization?: Quantization;
}

const BYTES = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 } as const;

/** Number of values of a tensor; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/** Number of bytes a weight takes on disk. */
export function storedBytes(weight: StoredWeight): number {
  return sizeOf(weight.shape) * BYTES[weight.quantization?.dtype ?? weight.dtype];
}

/**
 * The values of a weight from its bytes (little endian), dequantised to the same bits as TensorFlow.js does
 * (https://github.com/tensorflow/tfjs, `io.decodeWeights`).
 */
export function decodeWeight(weight: StoredWeight, bytes: Uint8Array): Float32Array {
  // A copy, because a view on 16- or 32-bit numbers must start at a multiple of their size.
  const buffer = new Uint8Array(bytes).buffer;
  const { quantization, dtype } = weight;
  if (quantization) return dequantise(buffer, quantization, dtype === 'int32');
  if (dtype === 'float32') return new Float32Array(buffer);
  return new Float32Array(dtype === 'int32' ? new Int32Array(buffer) : new Uint8Array(buffer));
}

function dequantise(buffer: ArrayBuffer, quantization: Quantization, round: boolean): Float32Array {
  const stored = quantization.dtype === 'uint8' ? new Uint8Array(buffer) : new Uint16Array(buffer);
  const values = new Float32Array(stored.length);
  for (let i = 0; i < stored.length; i++) {
    const value =
      quantization.dtype === 'float16' ? halfToNumber(stored[i]) : stored[i] * quantization.scale + quantization.min;
    // Integers have no negative zero.
    values[i] = round ? Math.round(value) + 0 : value;
  }
  return values;
}

/** IEEE 754 binary16: 1 bit sign, 5 bits exponent, 10 bits fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
