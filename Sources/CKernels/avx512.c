#include "CKernels.h"
#include <math.h>
#include <string.h>

// Floats of a vector; rows of two vectors that a product sums in registers.
#define CK_LANES 16
#define CK_ROWS 14

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"), min_vector_width(512))), apply_to = function)
#include "kernels/vectors.inc"
#include "kernels/transposition.inc"
#include "kernels/products.inc"
#include "kernels/winograd.inc"
#include "kernels/winograd_kernel.inc"
#include "kernels/columns.inc"
#include "kernels/panels.inc"
#include "kernels/bias.inc"
#include "kernels/pooling.inc"
#include "kernels/normalization.inc"
#include "kernels/update.inc"
#include "kernels/peak.inc"
#pragma clang attribute pop

#define CK_TABLE ck_avx512_table
#define CK_NAME "avx512"
#include "kernels/table.inc"
