#include "CKernels.h"
#include <math.h>
#include <string.h>

// Floats of a vector; rows of two vectors that a product sums in registers; summands in a word of an operand.
#define CK_LANES 4
#define CK_ROWS 6
#define CK_SUMMANDS 1

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

#define CK_TABLE ck_baseline_table
#define CK_NAME "baseline"
#include "kernels/table.inc"
