#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "CKernels.h"

// Floats of a vector; summands in a word of an operand; products by tiles.
#define CK_LANES 16
#define CK_SUMMANDS 2
#define CK_HAS_TILES 1

#pragma clang attribute push(                                                                          \
    __attribute__((target("amx-tile,amx-bf16,avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"), \
                   min_vector_width(512))),                                                            \
    apply_to = function)
#include "kernels/of_maps.inc"
#include "kernels/tile_convolution.inc"
#pragma clang attribute pop

#define CK_ENTRY(result, name, parameters) .name = name,
const ck_map_table ck_amx_table = {CK_MAP_KERNELS(CK_ENTRY)};
const ck_tile_table ck_amx_tile_table = {CK_TILE_KERNELS(CK_ENTRY)};
#undef CK_ENTRY
