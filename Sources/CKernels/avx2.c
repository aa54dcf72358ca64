#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "CKernels.h"

// Floats of a vector; rows of two vectors that a product sums in registers; summands in a word of an operand.
#define CK_LANES 8
#define CK_ROWS 6
#define CK_SUMMANDS 1

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "kernels/of_maps.inc"
#include "kernels/of_vectors.inc"
#pragma clang attribute pop

#define CK_TABLE ck_avx2_table
#define CK_NAME "avx2"
#include "kernels/table.inc"
