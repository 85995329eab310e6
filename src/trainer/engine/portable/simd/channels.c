// Activations, sums over rows, and linear maps of each channel.

#include "simd.h"

// Rows added up before they join the sum of all rows: it keeps the rounding small and the sums in registers.
enum { SUM_ROWS = 16 };

// sums[channels] += the rows of `x`, `size` values in all.
INLINE void addRows(const float *x, float *sums, int size, int channels) {
  int channel = 0;
  for (; channel + LANES <= channels; channel += LANES) {
    vector sum = zero();
    for (int at = channel; at < size; at += channels) sum = add(sum, load(x + at));
    store(sums + channel, add(load(sums + channel), sum));
  }
  for (; channel < channels; channel++) {
    float sum = 0;
    for (int at = channel; at < size; at += channels) sum += x[at];
    sums[channel] += sum;
  }
}

INLINE void maskValues(const float *x, const float *dy, float *dx, int size, float low, float high) {
  const vector lows = wasm_f32x4_splat(low), highs = wasm_f32x4_splat(high);
  int i = 0;
  for (; i + LANES <= size; i += LANES) {
    const vector value = load(x + i);
    const vector inside = wasm_v128_and(wasm_f32x4_ge(value, lows), wasm_f32x4_le(value, highs));
    store(dx + i, wasm_v128_and(inside, load(dy + i)));
  }
  for (; i < size; i++) dx[i] = x[i] >= low && x[i] <= high ? dy[i] : 0;
}

// dx = dy where low <= x <= high, and 0 elsewhere.
EXPORT(maskedGradient)(const float *x, const float *dy, float *dx, int size, float low, float high) {
  maskValues(x, dy, dx, size, low, high);
}

// The masked gradient of `y` and its sums over the rows: dz = dy where low <= y <= high, sums[channels] = sum of dz.
EXPORT(maskedGradientSums)
(const float *y, const float *dy, float *dz, float *sums, int rows, int channels, float low, float high) {
  fillZero(sums, channels);
  for (int row = 0; row < rows; row += SUM_ROWS) {
    const int start = row * channels, end = smaller(rows, row + SUM_ROWS) * channels;
    maskValues(y + start, dy + start, dz + start, end - start, low, high);
    addRows(dz + start, sums, end - start, channels);
  }
}

// sums[channels] = sum over rows of x
EXPORT(channelSums)(const float *x, float *sums, int rows, int channels) {
  fillZero(sums, channels);
  for (int row = 0; row < rows; row += SUM_ROWS) {
    const int size = smaller(SUM_ROWS, rows - row) * channels;
    warm(x + row * channels, size);
    addRows(x + row * channels, sums, size, channels);
  }
}

// sums[channels] = sum over rows of a * (b - center[channels]); center may be null for 0.
INLINE void addCenteredProducts(const int centered, const float *a, const float *b, const float *center, float *sums,
                                int rows, int channels) {
  fillZero(sums, channels);
  for (int row = 0; row < rows; row += SUM_ROWS) {
    const int start = row * channels, end = smaller(rows, row + SUM_ROWS) * channels;
    int channel = 0;
    warm(a + start, end - start);
    warm(b + start, end - start);
    for (; channel + LANES <= channels; channel += LANES) {
      const vector middle = centered ? load(center + channel) : zero();
      vector sum = zero();
      for (int at = start + channel; at < end; at += channels) {
        const vector value = load(b + at);
        sum = multiplyAdd(sum, load(a + at), centered ? subtract(value, middle) : value);
      }
      store(sums + channel, add(load(sums + channel), sum));
    }
    for (; channel < channels; channel++) {
      float sum = 0;
      const float middle = centered ? center[channel] : 0;
      for (int at = start + channel; at < end; at += channels) sum += a[at] * (b[at] - middle);
      sums[channel] += sum;
    }
  }
}

// sums[channels] = sum over rows of a * b
EXPORT(channelProductSums)(const float *a, const float *b, float *sums, int rows, int channels) {
  addCenteredProducts(0, a, b, 0, sums, rows, channels);
}

// sums[channels] = sum over rows of a * (b - center)
EXPORT(centeredProductSums)
(const float *a, const float *b, const float *center, float *sums, int rows, int channels) {
  addCenteredProducts(1, a, b, center, sums, rows, channels);
}

// y = x * scale[channels] + shift[channels]
EXPORT(channelAffine)
(const float *x, const float *scale, const float *shift, float *y, int rows, int channels) {
  for (int row = 0; row < rows; row++) {
    int channel = 0;
    for (; channel + LANES <= channels; channel += LANES)
      store(y + channel, multiplyAdd(load(shift + channel), load(x + channel), load(scale + channel)));
    for (; channel < channels; channel++) y[channel] = x[channel] * scale[channel] + shift[channel];
    x += channels;
    y += channels;
  }
}

// y = x * scale[channels]
EXPORT(channelScale)(const float *x, const float *scale, float *y, int rows, int channels) {
  for (int row = 0; row < rows; row++) {
    int channel = 0;
    for (; channel + LANES <= channels; channel += LANES)
      store(y + channel, multiply(load(x + channel), load(scale + channel)));
    for (; channel < channels; channel++) y[channel] = x[channel] * scale[channel];
    x += channels;
    y += channels;
  }
}

// Mean and biased variance over the rows, in two passes because one would cancel.
EXPORT(channelMoments)(const float *x, float *mean, float *variance, int rows, int channels) {
  const float share = 1.0f / rows;
  channelSums(x, mean, rows, channels);
  for (int channel = 0; channel < channels; channel++) mean[channel] *= share;
  fillZero(variance, channels);
  for (int row = 0; row < rows; row += SUM_ROWS) {
    const int start = row * channels, end = smaller(rows, row + SUM_ROWS) * channels;
    int channel = 0;
    warm(x + start, end - start);
    for (; channel + LANES <= channels; channel += LANES) {
      const vector middle = load(mean + channel);
      vector sum = zero();
      for (int at = start + channel; at < end; at += channels) {
        const vector distance = subtract(load(x + at), middle);
        sum = multiplyAdd(sum, distance, distance);
      }
      store(variance + channel, add(load(variance + channel), sum));
    }
    for (; channel < channels; channel++) {
      float sum = 0;
      for (int at = start + channel; at < end; at += channels)
        sum += (x[at] - mean[channel]) * (x[at] - mean[channel]);
      variance[channel] += sum;
    }
  }
  for (int channel = 0; channel < channels; channel++) variance[channel] *= share;
}

// Batch normalization of `x` with the given moments: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta.
// `scratch`: 2 * channels values.
EXPORT(normalize)
(const float *x, const float *mean, const float *variance, const float *gamma, const float *beta, float *y,
 float *scratch, int rows, int channels, float epsilon) {
  float *scale = scratch, *shift = scratch + channels;
  for (int channel = 0; channel < channels; channel++) {
    scale[channel] = gamma[channel] / __builtin_sqrtf(variance[channel] + epsilon);
    shift[channel] = beta[channel] - mean[channel] * scale[channel];
  }
  channelAffine(x, scale, shift, y, rows, channels);
}

// The gradients of batch normalization with the moments of the batch itself (Ioffe and Szegedy 2015, section 3):
//   dx = gamma / deviation * (dy - mean(dy) - (x - mean) / deviation^2 * mean(dy * (x - mean)))
// which is dy * p + x * q + r with three numbers a channel. `scratch`: 3 * channels values.
EXPORT(normalizationGradient)
(const float *x, const float *dy, const float *mean, const float *variance, const float *gamma, float *dx,
 float *dgamma, float *dbeta, float *scratch, int rows, int channels, float epsilon) {
  float *p = scratch, *q = scratch + channels, *r = scratch + 2 * channels;
  const float share = 1.0f / rows;
  channelSums(dy, dbeta, rows, channels);
  addCenteredProducts(1, dy, x, mean, dgamma, rows, channels);
  for (int channel = 0; channel < channels; channel++) {
    const float inverse = 1.0f / __builtin_sqrtf(variance[channel] + epsilon);
    p[channel] = gamma[channel] * inverse;
    q[channel] = -p[channel] * inverse * inverse * dgamma[channel] * share;
    r[channel] = -p[channel] * dbeta[channel] * share - q[channel] * mean[channel];
    dgamma[channel] *= inverse;
  }
  for (int row = 0; row < rows; row++) {
    int channel = 0;
    for (; channel + LANES <= channels; channel += LANES) {
      const vector fromX = multiplyAdd(load(r + channel), load(x + channel), load(q + channel));
      store(dx + channel, multiplyAdd(fromX, load(dy + channel), load(p + channel)));
    }
    for (; channel < channels; channel++)
      dx[channel] = dy[channel] * p[channel] + x[channel] * q[channel] + r[channel];
    x += channels;
    dy += channels;
    dx += channels;
  }
}
