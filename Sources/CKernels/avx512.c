#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "CKernels.h"

// Floats of a vector; rows of two vectors that a product sums in registers; summands in a word of an operand.
#define CK_LANES 16
#define CK_ROWS 14
#define CK_SUMMANDS 1

#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"), min_vector_width(512))), \
    apply_to = function)
#include "kernels/of_maps.inc"
#include "kernels/of_vectors.inc"
#pragma clang attribute pop

#define CK_TABLE ck_avx512_table
#define CK_NAME "avx512"
#include "kernels/table.inc"

// With tiles for bfloat16 besides.
#undef CK_TABLE
#undef CK_NAME
#define CK_TABLE ck_avx512_amx_table
#define CK_NAME "amx"
#include "kernels/table.inc"
