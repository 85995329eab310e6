// What the kernels for the WebAssembly backend of TensorFlow.js share: 128-bit SIMD and plain copying.
//
// All files of this folder become one module, which imports the memory of TensorFlow.js itself: every pointer is the
// address of a tensor there, so nothing is copied. It must therefore own no data, no stack and no globals;
// scripts/buildKernels.mjs refuses a build that does. That rules out local arrays whose index is not known when
// compiling, and calls to a C library.
//
// Tensors are float32 in the order batch, height, width, channels ("rows" x "channels" where place does not matter);
// filters are [height, width, inputs, outputs], and [height, width, channels] where they are depthwise.

#pragma once

#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) void name
#define EXPORT_INT(name) __attribute__((export_name(#name))) int name
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// What a convolution or a pooling looks at; `top` and `left` are the padding before the first row and column.
#define GEOMETRY                                                                                                       \
  int batch, int inHeight, int inWidth, int channels, int outHeight, int outWidth, int filterHeight, int filterWidth,  \
      int strideHeight, int strideWidth, int dilationHeight, int dilationWidth, int top, int left

typedef v128_t vector;

// Values in a vector.
enum { LANES = 4 };

INLINE vector load(const float *from) { return wasm_v128_load(from); }
INLINE void store(float *to, vector value) { wasm_v128_store(to, value); }
INLINE vector splat(const float *from) { return wasm_v128_load32_splat(from); }
INLINE vector zero(void) { return wasm_f32x4_const_splat(0); }
INLINE vector add(vector a, vector b) { return wasm_f32x4_add(a, b); }
INLINE vector subtract(vector a, vector b) { return wasm_f32x4_sub(a, b); }
INLINE vector multiply(vector a, vector b) { return wasm_f32x4_mul(a, b); }
INLINE vector multiplyAdd(vector sum, vector a, vector b) { return add(sum, multiply(a, b)); }
INLINE int smaller(int a, int b) { return a < b ? a : b; }
INLINE int larger(int a, int b) { return a > b ? a : b; }
// Quotient rounded up, for a numerator of any sign.
INLINE int ceilingQuotient(int a, int b) { return a > 0 ? (a + b - 1) / b : -(-a / b); }

INLINE void fillZero(float *to, int count) {
  int i = 0;
  for (; i + LANES <= count; i += LANES) store(to + i, zero());
  for (; i < count; i++) to[i] = 0;
}

INLINE void copyValues(const float *from, float *to, int count) {
  int i = 0;
  for (; i + LANES <= count; i += LANES) store(to + i, load(from + i));
  for (; i < count; i++) to[i] = from[i];
}

INLINE void addValues(const float *from, float *to, int count) {
  int i = 0;
  for (; i + LANES <= count; i += LANES) store(to + i, add(load(to + i), load(from + i)));
  for (; i < count; i++) to[i] += from[i];
}

// Reads a value of every cache line in order. Walking down the columns of rows that are not in the cache defeats the
// prefetcher; after this they are.
INLINE void warm(const float *from, int count) {
  enum { LINE = 16 };
  for (int i = 0; i < count; i += LINE) (void)*(const volatile float *)(from + i);
}
