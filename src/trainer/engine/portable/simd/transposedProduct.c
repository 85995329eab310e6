// Products of a transposed matrix: out[aColumns, bColumns] += a[rows, aColumns]^T b[rows, bColumns]

#include "transposedProduct.h"

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

int panelRows(int aColumns, int bColumns) {
  if (packingPays(aColumns, bColumns)) return PACKED_PANEL_ROWS;
  return smaller(aColumns, bColumns) < 32 ? NARROW_PANEL_ROWS : PANEL_ROWS;
}

// Float values that a product needs to work in.
EXPORT_INT(matMulTransposedAScratch)(int aColumns, int bColumns) {
  return packingPays(aColumns, bColumns) ? PACKED_PANEL_ROWS * (aColumns + bColumns) : 0;
}

void addPanelProduct(const float *a, const float *b, float *out, float *scratch, int rows, int aColumns,
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

// out[aColumns, bColumns] = a[rows, aColumns]^T b[rows, bColumns]; `scratch`: see matMulTransposedAScratch.
EXPORT(matMulTransposedA)
(const float *a, const float *b, float *out, float *scratch, int rows, int aColumns, int bColumns) {
  fillZero(out, aColumns * bColumns);
  const int step = panelRows(aColumns, bColumns);
  for (int row = 0; row < rows; row += step)
    addPanelProduct(a + row * aColumns, b + row * bColumns, out, scratch, smaller(step, rows - row), aColumns,
                    bColumns);
}
