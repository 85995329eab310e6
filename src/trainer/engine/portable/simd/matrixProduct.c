// The product of two matrices, which a 1x1 convolution is too:
//   out[rows, columns] = a[rows, inner] b[inner, columns] + bias[columns], limited to [low, high].

#include "simd.h"

// A tile of the product, TILE_ROWS x PANEL_COLUMNS, has its sums in registers. More of either, or an inner loop
// unrolled here, measured slower: sums and loaded values then no longer fit the 16 registers of x86 processors.
enum { TILE_ROWS = 4, PANEL_COLUMNS = 2 * LANES };

// Rows of `a` that stay in the cache while they meet one panel of `b` after the other.
enum { BLOCK_ROWS = 64 };

// Both matrices are packed in the order in which the inner loop reads them: `a` in strips of TILE_ROWS rows, `b` in
// panels of PANEL_COLUMNS columns. A last panel of at most one vector is packed as one vector.
INLINE int packedColumns(int columns) { return columns > LANES ? PANEL_COLUMNS : LANES; }

// out[4 rows, outStep] = the transposed 4 x 4 block at `from`, whose rows are `step` apart.
INLINE void transposeBlock(const float *from, int step, float *out, int outStep) {
  const vector a = load(from), b = load(from + step), c = load(from + 2 * step), d = load(from + 3 * step);
  const vector lowAB = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), highAB = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
  const vector lowCD = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), highCD = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
  store(out, wasm_i32x4_shuffle(lowAB, lowCD, 0, 1, 4, 5));
  store(out + outStep, wasm_i32x4_shuffle(lowAB, lowCD, 2, 3, 6, 7));
  store(out + 2 * outStep, wasm_i32x4_shuffle(highAB, highCD, 0, 1, 4, 5));
  store(out + 3 * outStep, wasm_i32x4_shuffle(highAB, highCD, 2, 3, 6, 7));
}

// Packs the panel of `columns` columns from `b` on, where the steps lead to the next row and the next column: first the
// bias (null for 0), then row by row, each filled up with zeros to whole vectors.
static void packPanel(const float *b, const float *bias, float *panel, int inner, int columns, int rowStep,
                      int columnStep) {
  const int width = packedColumns(columns);
  for (int j = 0; j < width; j++) *panel++ = bias && j < columns ? bias[j] : 0;
  int row = 0;
  if (columns == width && columnStep == 1)
    for (; row < inner; row++) copyValues(b + row * rowStep, panel + row * width, width);
  if (columns == width && rowStep == 1)
    for (; row + LANES <= inner; row += LANES)
      for (int j = 0; j < width; j += LANES)
        transposeBlock(b + row + j * columnStep, columnStep, panel + row * width + j, width);
  for (; row < inner; row++)
    for (int j = 0; j < width; j++) panel[row * width + j] = j < columns ? b[row * rowStep + j * columnStep] : 0;
}

// Packs whole strips of `rows` rows of `a`.
static void packStrips(const float *a, float *strip, int rows, int inner) {
  for (int row = 0; row + TILE_ROWS <= rows; row += TILE_ROWS) {
    int k = 0;
    for (; k + LANES <= inner; k += LANES) transposeBlock(a + k, inner, strip + k * TILE_ROWS, TILE_ROWS);
    for (; k < inner; k++)
      for (int i = 0; i < TILE_ROWS; i++) strip[k * TILE_ROWS + i] = a[i * inner + k];
    a += TILE_ROWS * inner;
    strip += TILE_ROWS * inner;
  }
}

INLINE void storeFirst(float *to, vector values, int count) {
  if (count >= LANES) {
    store(to, values);
    return;
  }
  if (count > 0) to[0] = wasm_f32x4_extract_lane(values, 0);
  if (count > 1) to[1] = wasm_f32x4_extract_lane(values, 1);
  if (count > 2) to[2] = wasm_f32x4_extract_lane(values, 2);
}

// `height` rows x `width` vectors of the product, of which `columns` columns are stored.
INLINE void packedTile(const int height, const int width, const float *strip, const float *panel, float *out, int inner,
                       int outStep, int columns, vector low, vector high) {
  vector sums[8];
  UNROLL for (int i = 0; i < height; i++) {
    UNROLL for (int j = 0; j < width; j++) sums[i * width + j] = load(panel + j * LANES);
  }
  panel += width * LANES;
  for (const float *end = strip + inner * height; strip != end; strip += height) {
    vector right[2];
    UNROLL for (int j = 0; j < width; j++) right[j] = load(panel + j * LANES);
    UNROLL for (int i = 0; i < height; i++) {
      const vector value = splat(strip + i);
      UNROLL for (int j = 0; j < width; j++) sums[i * width + j] = multiplyAdd(sums[i * width + j], value, right[j]);
    }
    panel += width * LANES;
  }
  UNROLL for (int i = 0; i < height * width; i++) sums[i] = wasm_f32x4_pmin(wasm_f32x4_pmax(sums[i], low), high);
  UNROLL for (int i = 0; i < height; i++) {
    float *to = out + i * outStep;
    if (columns == width * LANES) {
      UNROLL for (int j = 0; j < width; j++) store(to + j * LANES, sums[i * width + j]);
    } else {
      UNROLL for (int j = 0; j < width; j++) storeFirst(to + j * LANES, sums[i * width + j], columns - j * LANES);
    }
  }
}

// One panel of the product, from packed strips and, for the rows that fill no strip, from `a` itself.
INLINE void panelProduct(const int width, const float *a, const float *strips, const float *panel, float *out, int rows,
                         int inner, int outStep, int columns, vector low, vector high) {
  int row = 0;
  for (; row + TILE_ROWS <= rows; row += TILE_ROWS)
    packedTile(TILE_ROWS, width, strips + row * inner, panel, out + row * outStep, inner, outStep, columns, low, high);
  for (; row < rows; row++)
    packedTile(1, width, a + row * inner, panel, out + row * outStep, inner, outStep, columns, low, high);
}

// Float values of the packed panels: each has its bias in front.
INLINE int panelValues(int inner, int columns) { return ceilingQuotient(columns, LANES) * LANES * (inner + 1); }

// Float values that a product needs to work in: panels, and the strips of a block.
EXPORT_INT(matMulScratch)(int rows, int inner, int columns) {
  return panelValues(inner, columns) + smaller(BLOCK_ROWS, rows / TILE_ROWS * TILE_ROWS) * inner;
}

// The product; `b` is [columns, inner] where `transposedB` is not 0, `bias` may be null; `scratch`: see matMulScratch.
EXPORT(matMul)
(const float *a, const float *b, const float *bias, float *out, float *scratch, int rows, int inner, int columns,
 int transposedB, float low, float high) {
  const int rowStep = transposedB ? 1 : columns, columnStep = transposedB ? inner : 1;
  const vector lows = wasm_f32x4_splat(low), highs = wasm_f32x4_splat(high);
  float *strips = scratch + panelValues(inner, columns);
  for (int column = 0; column < columns; column += PANEL_COLUMNS)
    packPanel(b + column * columnStep, bias ? bias + column : 0, scratch + column * (inner + 1), inner,
              smaller(PANEL_COLUMNS, columns - column), rowStep, columnStep);
  for (int row = 0; row < rows; row += BLOCK_ROWS) {
    const int count = smaller(BLOCK_ROWS, rows - row);
    warm(a, count * inner);
    packStrips(a, strips, count, inner);
    for (int column = 0; column < columns; column += PANEL_COLUMNS) {
      const int width = smaller(PANEL_COLUMNS, columns - column);
      const float *panel = scratch + column * (inner + 1);
      if (width > LANES) panelProduct(2, a, strips, panel, out + column, count, inner, columns, width, lows, highs);
      else panelProduct(1, a, strips, panel, out + column, count, inner, columns, width, lows, highs);
    }
    a += count * inner;
    out += count * columns;
  }
}
