#include "CKernels.h"
#include <math.h>
#include <string.h>

// Floats of a vector.
#define CK_LANES 8

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "kernels/columns.inc"
#include "kernels/bias.inc"
#include "kernels/pooling.inc"
#include "kernels/normalization.inc"
#include "kernels/update.inc"
#include "kernels/peak.inc"
#pragma clang attribute pop

#define CK_TABLE ck_avx2_table
#define CK_NAME "avx2"
#include "kernels/table.inc"
