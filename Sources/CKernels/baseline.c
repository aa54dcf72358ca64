#include "CKernels.h"
#include <math.h>
#include <string.h>

// Floats of a vector; rows of two vectors that a product sums in registers.
#define CK_LANES 4
#define CK_ROWS 6

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

#define CK_TABLE ck_baseline_table
#define CK_NAME "baseline"
#include "kernels/table.inc"
