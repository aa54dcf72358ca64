#include "CKernels.h"
#include <math.h>
#include <string.h>

#include "kernels/columns.inc"
#include "kernels/bias.inc"
#include "kernels/pooling.inc"
#include "kernels/normalization.inc"
#include "kernels/update.inc"

#define CK_TABLE ck_baseline_table
#define CK_NAME "baseline"
#include "kernels/table.inc"
