// Convolution, as products of matrices.

#include "transposedProduct.h"

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
  return panelRows(columns, outChannels) * columns + matMulTransposedAScratch(columns, outChannels);
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
// reversed.
EXPORT(reverseFilter)(const float *filter, float *out, int taps, int inputs, int outputs) {
  enum { BLOCK = 16 };
  for (int tap = 0; tap < taps; tap++) {
    const float *from = filter + tap * inputs * outputs;
    float *to = out + (taps - 1 - tap) * inputs * outputs;
    for (int firstInput = 0; firstInput < inputs; firstInput += BLOCK)
      for (int output = 0; output < outputs; output++) {
        const int end = smaller(inputs, firstInput + BLOCK);
        for (int input = firstInput; input < end; input++) to[output * inputs + input] = from[input * outputs + output];
      }
  }
}
