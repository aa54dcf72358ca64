#include "CKernels.h"
#include <math.h>
#include <string.h>

// Floats of a vector.
#define CK_LANES 16

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"), min_vector_width(512))), apply_to = function)
#include "kernels/columns.inc"
#include "kernels/bias.inc"
#include "kernels/pooling.inc"
#include "kernels/normalization.inc"
#include "kernels/update.inc"
#include "kernels/peak.inc"
#pragma clang attribute pop

#define CK_TABLE ck_avx512_table
#define CK_NAME "avx512"
#include "kernels/table.inc"
