// Depthwise convolution, one filter a channel.

#include "simd.h"

// Adds to one tap of the filter gradient what `count` output places of one line give, for `vectors` vectors of channels
// held in registers.
INLINE void addTapGradient(const int vectors, const float *x, const float *dy, float *out, int count, int xStep,
                           int channels) {
  vector sums[4];
  UNROLL for (int k = 0; k < vectors; k++) sums[k] = load(out + k * LANES);
  for (int place = 0; place < count; place++) {
    UNROLL for (int k = 0; k < vectors; k++) sums[k] =
        multiplyAdd(sums[k], load(x + k * LANES), load(dy + k * LANES));
    x += xStep;
    dy += channels;
  }
  UNROLL for (int k = 0; k < vectors; k++) store(out + k * LANES, sums[k]);
}

// The same for all channels, for the places of a line that see the image through the tap at column `offset`.
INLINE void addLineGradient(const float *x, const float *dy, float *out, int inWidth, int outWidth, int offset,
                            int stride, int channels) {
  const int first = smaller(outWidth, larger(0, ceilingQuotient(-offset, stride)));
  const int count = smaller(outWidth, ceilingQuotient(inWidth - offset, stride)) - first;
  const int xStep = stride * channels;
  x += (first * stride + offset) * channels;
  dy += first * channels;
  int channel = 0;
  for (; channel + 4 * LANES <= channels; channel += 4 * LANES)
    addTapGradient(4, x + channel, dy + channel, out + channel, count, xStep, channels);
  for (; channel + LANES <= channels; channel += LANES)
    addTapGradient(1, x + channel, dy + channel, out + channel, count, xStep, channels);
  for (; channel < channels; channel++)
    for (int place = 0; place < count; place++)
      out[channel] += x[place * xStep + channel] * dy[place * channels + channel];
}

// out[filterHeight, filterWidth, channels], the gradient of the filter.
EXPORT(depthwiseFilterGradient)(const float *x, const float *dy, float *out, GEOMETRY) {
  fillZero(out, filterHeight * filterWidth * channels);
  for (int line = 0; line < batch * outHeight; line++) {
    const int image = line / outHeight, outY = line % outHeight;
    warm(dy + line * outWidth * channels, outWidth * channels);
    for (int i = 0; i < filterHeight; i++) {
      const int y = outY * strideHeight - top + i * dilationHeight;
      if (y < 0 || y >= inHeight) continue;
      warm(x + (image * inHeight + y) * inWidth * channels, inWidth * channels);
      for (int j = 0; j < filterWidth; j++)
        addLineGradient(x + (image * inHeight + y) * inWidth * channels, dy + line * outWidth * channels,
                        out + (i * filterWidth + j) * channels, inWidth, outWidth, j * dilationWidth - left,
                        strideWidth, channels);
    }
  }
}

// out = start + the sum over a rectangle of taps of filter x source, for `vectors` vectors of channels.
INLINE void sumOverTaps(const int vectors, const float *filter, const float *source, const float *start, float *out,
                        int tapRows, int tapColumns, int filterRowStep, int filterStep, int sourceRowStep,
                        int sourceStep, vector low, vector high) {
  vector sums[4];
  UNROLL for (int k = 0; k < vectors; k++) sums[k] = start ? load(start + k * LANES) : zero();
  for (int i = 0; i < tapRows; i++) {
    const float *weight = filter, *value = source;
    for (int j = 0; j < tapColumns; j++) {
      UNROLL for (int k = 0; k < vectors; k++) sums[k] =
          multiplyAdd(sums[k], load(weight + k * LANES), load(value + k * LANES));
      weight += filterStep;
      value += sourceStep;
    }
    filter += filterRowStep;
    source += sourceRowStep;
  }
  UNROLL for (int k = 0; k < vectors; k++)
      store(out + k * LANES, wasm_f32x4_pmin(wasm_f32x4_pmax(sums[k], low), high));
}

// The same for all channels of a place; `start` may be null for 0, and what comes out is limited to [low, high].
INLINE void sumPlace(const float *filter, const float *source, const float *start, float *out, int tapRows,
                     int tapColumns, int filterRowStep, int filterStep, int sourceRowStep, int sourceStep, int channels,
                     float low, float high) {
  const vector lows = wasm_f32x4_splat(low), highs = wasm_f32x4_splat(high);
  int channel = 0;
  for (; channel + 4 * LANES <= channels; channel += 4 * LANES)
    sumOverTaps(4, filter + channel, source + channel, start ? start + channel : 0, out + channel, tapRows, tapColumns,
                filterRowStep, filterStep, sourceRowStep, sourceStep, lows, highs);
  for (; channel + LANES <= channels; channel += LANES)
    sumOverTaps(1, filter + channel, source + channel, start ? start + channel : 0, out + channel, tapRows, tapColumns,
                filterRowStep, filterStep, sourceRowStep, sourceStep, lows, highs);
  for (; channel < channels; channel++) {
    float sum = start ? start[channel] : 0;
    for (int i = 0; i < tapRows; i++)
      for (int j = 0; j < tapColumns; j++)
        sum += filter[i * filterRowStep + j * filterStep + channel] *
               source[i * sourceRowStep + j * sourceStep + channel];
    out[channel] = sum < low ? low : sum > high ? high : sum;
  }
}

// y[batch, outHeight, outWidth, channels] from x[batch, inHeight, inWidth, channels], limited to [low, high] as an
// activation does; `bias` [channels] may be null.
EXPORT(depthwiseConvolution)
(const float *x, const float *filter, const float *bias, float *y, float low, float high, GEOMETRY) {
  for (int line = 0; line < batch * outHeight; line++) {
    const int image = line / outHeight, firstY = line % outHeight * strideHeight - top;
    const int beginRow = firstY < 0 ? ceilingQuotient(-firstY, dilationHeight) : 0;
    const int endRow = smaller(filterHeight, ceilingQuotient(inHeight - firstY, dilationHeight));
    for (int outX = 0; outX < outWidth; outX++) {
      const int firstX = outX * strideWidth - left;
      const int beginColumn = firstX < 0 ? ceilingQuotient(-firstX, dilationWidth) : 0;
      const int endColumn = smaller(filterWidth, ceilingQuotient(inWidth - firstX, dilationWidth));
      const int fromY = firstY + beginRow * dilationHeight, fromX = firstX + beginColumn * dilationWidth;
      sumPlace(filter + (beginRow * filterWidth + beginColumn) * channels,
               x + ((image * inHeight + fromY) * inWidth + fromX) * channels, bias, y, endRow - beginRow,
               endColumn - beginColumn, filterWidth * channels, channels, dilationHeight * inWidth * channels,
               dilationWidth * channels, channels, low, high);
      y += channels;
    }
  }
}

// Along one axis, the `count` taps that reach an input place: the first of them is `firstTap`, and the gradient it
// meets lies at `firstOut`. From tap to tap it is a stride further in the filter, and a dilation back in the output.
// Stride and dilation are never both above 1 (TensorFlow.js refuses that).
typedef struct {
  int firstTap, firstOut, count;
} Reach;

INLINE Reach reachOf(int place, int before, int taps, int stride, int dilation, int outSize) {
  Reach reach;
  const int position = place + before;
  if (stride == 1) {
    reach.firstTap = larger(0, ceilingQuotient(position - (outSize - 1), dilation));
    reach.firstOut = position - reach.firstTap * dilation;
    reach.count = reach.firstOut < 0 ? 0 : smaller(taps - reach.firstTap, reach.firstOut / dilation + 1);
  } else {
    const int phase = position % stride;
    const int skipped = larger(0, position / stride - (outSize - 1));
    reach.firstTap = phase + skipped * stride;
    reach.firstOut = position / stride - skipped;
    reach.count = smaller(ceilingQuotient(taps - reach.firstTap, stride), reach.firstOut + 1);
  }
  if (reach.count < 0) reach.count = 0;
  return reach;
}

// dx[batch, inHeight, inWidth, channels] from dy[batch, outHeight, outWidth, channels].
EXPORT(depthwiseInputGradient)(const float *dy, const float *filter, float *dx, GEOMETRY) {
  const int outStepY = strideHeight == 1 ? dilationHeight : 1, outStepX = strideWidth == 1 ? dilationWidth : 1;
  const int filterRowStep = strideHeight * filterWidth * channels, filterStep = strideWidth * channels;
  const int dyRowStep = outStepY * outWidth * channels, dyStep = outStepX * channels;
  for (int line = 0; line < batch * inHeight; line++) {
    const int image = line / inHeight, y = line % inHeight;
    const Reach rows = reachOf(y, top, filterHeight, strideHeight, dilationHeight, outHeight);
    for (int x = 0; x < inWidth; x++) {
      const Reach columns = reachOf(x, left, filterWidth, strideWidth, dilationWidth, outWidth);
      const float *weight = filter + (rows.firstTap * filterWidth + columns.firstTap) * channels;
      const float *gradient = dy + ((image * outHeight + rows.firstOut) * outWidth + columns.firstOut) * channels;
      sumPlace(weight, gradient, 0, dx, rows.count, columns.count, filterRowStep, filterStep, -dyRowStep, -dyStep,
               channels, -__builtin_inff(), __builtin_inff());
      dx += channels;
    }
  }
}

// out[places, multiplier]: each value `multiplier` times. It turns a depthwise convolution with several filters a
// channel into one with a single filter a channel.
EXPORT(repeatChannels)(const float *x, float *out, int places, int multiplier) {
  for (int place = 0; place < places; place++)
    for (int i = 0; i < multiplier; i++) *out++ = x[place];
}

// out[places] = the sums of x[places, multiplier]
EXPORT(sumChannelGroups)(const float *x, float *out, int places, int multiplier) {
  for (int place = 0; place < places; place++) {
    float sum = 0;
    for (int i = 0; i < multiplier; i++) sum += *x++;
    out[place] = sum;
  }
}
