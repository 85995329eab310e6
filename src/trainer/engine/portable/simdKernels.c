// Training kernels for the WebAssembly backend of TensorFlow.js, with 128-bit SIMD.
//
// The module imports the memory of TensorFlow.js itself: every pointer is the address of a tensor there, so nothing is
// copied. It must therefore own no data, no stack and no globals; scripts/buildKernels.mjs refuses a build that does.
// That rules out local arrays whose index is not known when compiling, and calls to a C library.
//
// Tensors are float32 in the order batch, height, width, channels ("rows" x "channels" where place does not matter);
// filters are [height, width, inputs, outputs], and [height, width, channels] where they are depthwise.

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

// Rows added up before they join the sum of all rows: it keeps the rounding small and the sums in registers.
enum { SUM_ROWS = 16 };

// Reads a value of every cache line in order. Walking down the columns of rows that are not in the cache defeats the
// prefetcher; after this they are.
INLINE void warm(const float *from, int count) {
  enum { LINE = 16 };
  for (int i = 0; i < count; i += LINE) (void)*(const volatile float *)(from + i);
}

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

// ---------------------------------------------------------------------------------------------------------------------
// Products of a transposed matrix: out[aColumns, bColumns] += a[rows, aColumns]^T b[rows, bColumns]

// Rows taken at a time, so that the pieces of `a` and `b` in use stay in the cache.
enum { PANEL_ROWS = 64, NARROW_PANEL_ROWS = 256, PACKED_PANEL_ROWS = 128 };

// `height` x `width` vectors of the product, held in registers over all rows of the panel.
INLINE void productTile(const int height, const int width, const float *a, int aStride, const float *b, int bStride,
                        float *out, int outStride, int rows) {
  vector sums[8];
  UNROLL for (int i = 0; i < height; i++) {
    UNROLL for (int j = 0; j < width; j++) sums[i * width + j] = load(out + i * outStride + j * LANES);
  }
  for (int row = 0; row < rows; row++) {
    vector right[2];
    UNROLL for (int j = 0; j < width; j++) right[j] = load(b + j * LANES);
    UNROLL for (int i = 0; i < height; i++) {
      const vector value = splat(a + i);
      UNROLL for (int j = 0; j < width; j++) sums[i * width + j] = multiplyAdd(sums[i * width + j], value, right[j]);
    }
    a += aStride;
    b += bStride;
  }
  UNROLL for (int i = 0; i < height; i++) {
    UNROLL for (int j = 0; j < width; j++) store(out + i * outStride + j * LANES, sums[i * width + j]);
  }
}

// One column of the product, for what is left of `b` after its vectors: four rows of the product at a time.
INLINE void productColumn(const float *a, const float *b, float *out, int rows, int aColumns, int bColumns) {
  int i = 0;
  for (; i + LANES <= aColumns; i += LANES) {
    vector sum = zero();
    for (int row = 0; row < rows; row++)
      sum = multiplyAdd(sum, load(a + row * aColumns + i), splat(b + row * bColumns));
    float *to = out + i * bColumns;
    to[0] += wasm_f32x4_extract_lane(sum, 0);
    to[bColumns] += wasm_f32x4_extract_lane(sum, 1);
    to[2 * bColumns] += wasm_f32x4_extract_lane(sum, 2);
    to[3 * bColumns] += wasm_f32x4_extract_lane(sum, 3);
  }
  for (; i < aColumns; i++) {
    float sum = 0;
    for (int row = 0; row < rows; row++) sum += a[row * aColumns + i] * b[row * bColumns];
    out[i * bColumns] += sum;
  }
}

// The last columns of the product, and the last rows, which fill no whole 4 x 8 tile.
INLINE void productRemainders(const float *a, const float *b, float *out, int rows, int aColumns, int bColumns) {
  const int wholeA = aColumns & ~3, wholeB = bColumns & ~7;
  int j = wholeB;
  for (; j + LANES <= bColumns; j += LANES) {
    int i = 0;
    for (; i + 4 <= aColumns; i += 4)
      productTile(4, 1, a + i, aColumns, b + j, bColumns, out + i * bColumns + j, bColumns, rows);
    for (; i < aColumns; i++)
      productTile(1, 1, a + i, aColumns, b + j, bColumns, out + i * bColumns + j, bColumns, rows);
  }
  for (; j < bColumns; j++) productColumn(a, b + j, out + j, rows, aColumns, bColumns);
  for (int i = wholeA; i < aColumns; i++)
    for (j = 0; j < wholeB; j += 8)
      productTile(1, 2, a + i, aColumns, b + j, bColumns, out + i * bColumns + j, bColumns, rows);
}

// Reorders a panel into strips of `width` columns, each of them contiguous.
INLINE void packStrips(const int width, const float *from, float *to, int rows, int columns) {
  for (int row = 0; row < rows; row++) {
    float *strip = to + row * width;
    for (int column = 0; column + width <= columns; column += width) {
      UNROLL for (int i = 0; i < width; i += LANES) store(strip + i, load(from + column + i));
      strip += rows * width;
    }
    from += columns;
  }
}

// Packing pays once both matrices are wide: their rows are then far apart and fall onto the same lines of the cache.
INLINE int packingPays(int aColumns, int bColumns) { return aColumns >= 64 && bColumns >= 128; }

static int panelRows(int aColumns, int bColumns) {
  if (packingPays(aColumns, bColumns)) return PACKED_PANEL_ROWS;
  return smaller(aColumns, bColumns) < 32 ? NARROW_PANEL_ROWS : PANEL_ROWS;
}

// Float values that a product needs to work in.
EXPORT_INT(matMulScratch)(int aColumns, int bColumns) {
  return packingPays(aColumns, bColumns) ? PACKED_PANEL_ROWS * (aColumns + bColumns) : 0;
}

static void addPanelProduct(const float *a, const float *b, float *out, float *scratch, int rows, int aColumns,
                            int bColumns) {
  const int wholeA = aColumns & ~3, wholeB = bColumns & ~7;
  if (packingPays(aColumns, bColumns)) {
    float *packedB = scratch + rows * wholeA;
    packStrips(4, a, scratch, rows, aColumns);
    packStrips(8, b, packedB, rows, bColumns);
    for (int j = 0; j < wholeB; j += 8)
      for (int i = 0; i < wholeA; i += 4)
        productTile(4, 2, scratch + i * rows, 4, packedB + j * rows, 8, out + i * bColumns + j, bColumns, rows);
  } else {
    for (int j = 0; j < wholeB; j += 8)
      for (int i = 0; i < wholeA; i += 4)
        productTile(4, 2, a + i, aColumns, b + j, bColumns, out + i * bColumns + j, bColumns, rows);
  }
  if (wholeA < aColumns || wholeB < bColumns) productRemainders(a, b, out, rows, aColumns, bColumns);
}

// out[aColumns, bColumns] = a[rows, aColumns]^T b[rows, bColumns]; `scratch`: see matMulScratch.
EXPORT(matMulTransposedA)
(const float *a, const float *b, float *out, float *scratch, int rows, int aColumns, int bColumns) {
  fillZero(out, aColumns * bColumns);
  const int step = panelRows(aColumns, bColumns);
  for (int row = 0; row < rows; row += step)
    addPanelProduct(a + row * aColumns, b + row * bColumns, out, scratch, smaller(step, rows - row), aColumns,
                    bColumns);
}

// ---------------------------------------------------------------------------------------------------------------------
// Convolution

// Rows [first, first + count) of the matrix that has, for each output place, all inputs its filter sees.
static void imageToColumns(const float *x, float *columns, int first, int count, GEOMETRY) {
  (void)batch;
  for (int row = first; row < first + count; row++) {
    const int image = row / (outHeight * outWidth);
    const int outY = row / outWidth % outHeight, outX = row % outWidth;
    for (int i = 0; i < filterHeight; i++) {
      const int y = outY * strideHeight - top + i * dilationHeight;
      const float *line = x + (image * inHeight + y) * inWidth * channels;
      for (int j = 0; j < filterWidth; j++) {
        const int column = outX * strideWidth - left + j * dilationWidth;
        const int inside = y >= 0 && y < inHeight && column >= 0 && column < inWidth;
        if (inside) copyValues(line + column * channels, columns, channels);
        else fillZero(columns, channels);
        columns += channels;
      }
    }
  }
}

// Float values that the gradient of a filter with so many taps x channels needs to work in.
EXPORT_INT(convolutionFilterScratch)(int columns, int outChannels) {
  return panelRows(columns, outChannels) * columns + matMulScratch(columns, outChannels);
}

// out[filterHeight, filterWidth, channels, outChannels], the gradient of the filter.
EXPORT(convolutionFilterGradient)
(const float *x, const float *dy, float *out, float *scratch, int outChannels, GEOMETRY) {
  const int columns = filterHeight * filterWidth * channels, rows = batch * outHeight * outWidth;
  const int step = panelRows(columns, outChannels);
  float *packing = scratch + step * columns;
  fillZero(out, columns * outChannels);
  for (int row = 0; row < rows; row += step) {
    const int count = smaller(step, rows - row);
    imageToColumns(x, scratch, row, count, batch, inHeight, inWidth, channels, outHeight, outWidth, filterHeight,
                   filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, top, left);
    addPanelProduct(scratch, dy + row * outChannels, out, packing, count, columns, outChannels);
  }
}

// The opposite of imageToColumns for `batch` whole images: dx[batch, inHeight, inWidth, channels], the sum over all
// output places of what their filters saw.
EXPORT(columnsToImage)(const float *columns, float *dx, GEOMETRY) {
  fillZero(dx, batch * inHeight * inWidth * channels);
  for (int image = 0; image < batch; image++)
    for (int outY = 0; outY < outHeight; outY++)
      for (int outX = 0; outX < outWidth; outX++)
        for (int i = 0; i < filterHeight; i++) {
          const int y = outY * strideHeight - top + i * dilationHeight;
          float *line = dx + (image * inHeight + y) * inWidth * channels;
          for (int j = 0; j < filterWidth; j++) {
            const int column = outX * strideWidth - left + j * dilationWidth;
            const int inside = y >= 0 && y < inHeight && column >= 0 && column < inWidth;
            if (inside) addValues(columns, line + column * channels, channels);
            columns += channels;
          }
        }
}

// out[taps, outputs, inputs] from filter[taps, inputs, outputs]: each tap transposed, and the order of the taps
// reversed where `reverse` is not 0.
EXPORT(transposeFilter)(const float *filter, float *out, int taps, int inputs, int outputs, int reverse) {
  enum { BLOCK = 16 };
  for (int tap = 0; tap < taps; tap++) {
    const float *from = filter + tap * inputs * outputs;
    float *to = out + (reverse ? taps - 1 - tap : tap) * inputs * outputs;
    for (int firstInput = 0; firstInput < inputs; firstInput += BLOCK)
      for (int output = 0; output < outputs; output++) {
        const int end = smaller(inputs, firstInput + BLOCK);
        for (int input = firstInput; input < end; input++) to[output * inputs + input] = from[input * outputs + output];
      }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Depthwise convolution, one filter a channel

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

// ---------------------------------------------------------------------------------------------------------------------
// Activation

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

// ---------------------------------------------------------------------------------------------------------------------
// Channels: sums over rows, and linear maps of each channel

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

// ---------------------------------------------------------------------------------------------------------------------
// Pooling

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
