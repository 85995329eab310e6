// Pooling.

#include "simd.h"

// Gives each gradient to the first largest value of its window, in the order of rows; to none where all are NaN.
EXPORT(maxPoolGradient)(const float *x, const float *dy, float *dx, GEOMETRY) {
  const float lowest = -__builtin_inff();
  fillZero(dx, batch * inHeight * inWidth * channels);
  for (int place = 0; place < batch * outHeight * outWidth; place++) {
    const int image = place / (outHeight * outWidth);
    const int firstY = place / outWidth % outHeight * strideHeight - top;
    const int firstX = place % outWidth * strideWidth - left;
    const int imageStart = image * inHeight * inWidth * channels;
    for (int channel = 0; channel < channels;) {
      const int lanes = channel + LANES <= channels ? LANES : 1;
      vector best = wasm_f32x4_splat(lowest), winner = wasm_i32x4_const_splat(-1);
      for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < filterHeight; i++) {
          const int y = firstY + i * dilationHeight;
          if (y < 0 || y >= inHeight) continue;
          for (int j = 0; j < filterWidth; j++) {
            const int column = firstX + j * dilationWidth;
            if (column < 0 || column >= inWidth) continue;
            const int at = imageStart + (y * inWidth + column) * channels + channel;
            const vector tap = wasm_i32x4_splat(i * filterWidth + j);
            if (pass == 0) {
              const vector value = lanes == LANES ? load(x + at) : splat(x + at);
              const vector greater = wasm_f32x4_gt(value, best);
              best = wasm_v128_bitselect(value, best, greater);
              winner = wasm_v128_bitselect(tap, winner, greater);
            } else {
              const vector won = wasm_i32x4_eq(tap, winner);
              if (lanes == LANES) store(dx + at, add(load(dx + at), wasm_v128_and(won, load(dy + channel))));
              else if (wasm_i32x4_extract_lane(won, 0)) dx[at] += dy[channel];
            }
          }
        }
      channel += lanes;
    }
    dy += channels;
  }
}
