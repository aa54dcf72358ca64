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
#include "kernels/vectors.inc"
#include "kernels/activation.inc"
#include "kernels/operands.inc"
#include "kernels/transposition.inc"
#include "kernels/products.inc"
#include "kernels/moments.inc"
#include "kernels/product_results.inc"
#include "kernels/winograd.inc"
#include "kernels/winograd_operands.inc"
#include "kernels/winograd_kernel.inc"
#include "kernels/winograd_results.inc"
#include "kernels/coordinates.inc"
#include "kernels/columns.inc"
#include "kernels/panel_operands.inc"
#include "kernels/batch_normalization.inc"
#include "kernels/normalization_gradient.inc"
#include "kernels/pixel_operands.inc"
#include "kernels/panel_results.inc"
#include "kernels/bias.inc"
#include "kernels/depthwise_reading.inc"
#include "kernels/depthwise.inc"
#include "kernels/depthwise_gradient.inc"
#include "kernels/pooling.inc"
#include "kernels/normalization.inc"
#include "kernels/update.inc"
#include "kernels/rounding.inc"
#include "kernels/colour.inc"
#include "kernels/resampling.inc"
#include "kernels/peak.inc"
#pragma clang attribute pop

#define CK_TABLE ck_avx512_table
#define CK_NAME "avx512"
#include "kernels/table.inc"
