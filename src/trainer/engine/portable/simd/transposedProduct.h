// Products of a transposed matrix, for kernels that make their matrix panel by panel.

#pragma once

#include "simd.h"

// Rows of a panel for matrices of so many columns.
int panelRows(int aColumns, int bColumns);

// out[aColumns, bColumns] += a[rows, aColumns]^T b[rows, bColumns] for at most panelRows; `scratch`: see
// matMulTransposedAScratch.
void addPanelProduct(const float *a, const float *b, float *out, float *scratch, int rows, int aColumns, int bColumns);

int matMulTransposedAScratch(int aColumns, int bColumns);
