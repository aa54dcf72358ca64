#include "CKernels.h"
#include <math.h>
#include <string.h>

// Floats of a vector; rows of two vectors that a product sums in registers; summands in a word of an operand.
#define CK_LANES 4
#define CK_ROWS 6
#define CK_SUMMANDS 1

#include "kernels/of_maps.inc"
#include "kernels/of_vectors.inc"
#define CK_TABLE ck_baseline_table
#define CK_NAME "baseline"
#include "kernels/table.inc"
