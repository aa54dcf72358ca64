#include "CKernels.h"
#include <math.h>
#include <string.h>

// Floats of a vector.
#define CK_LANES 4

#include "kernels/columns.inc"
#include "kernels/bias.inc"
#include "kernels/pooling.inc"
#include "kernels/normalization.inc"
#include "kernels/update.inc"
#include "kernels/peak.inc"

#define CK_TABLE ck_baseline_table
#define CK_NAME "baseline"
#include "kernels/table.inc"
