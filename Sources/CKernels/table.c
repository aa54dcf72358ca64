#include "CKernels.h"

extern const ck_table ck_baseline_table, ck_avx2_table, ck_avx512_table, ck_avx512_amx_table;
extern const ck_map_table ck_avx512_bfloat16_table, ck_amx_table;
extern const ck_tile_table ck_amx_tile_table;

const ck_table *ck_table_at(int index) {
  __builtin_cpu_init();
  switch (index) {
    case 0: return &ck_baseline_table;
    case 1: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &ck_avx2_table : NULL;
    case 2: return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? &ck_avx512_table : NULL;
    case 3: return ck_has_tiles() ? &ck_avx512_amx_table : NULL;
    default: return NULL;
  }
}

const char *ck_table_name(int index) {
  const ck_table *const tables[CK_TABLE_COUNT] = {&ck_baseline_table, &ck_avx2_table, &ck_avx512_table,
                                                  &ck_avx512_amx_table};
  return index >= 0 && index < CK_TABLE_COUNT ? tables[index]->name : NULL;
}

bool ck_has_bfloat16(void) {
  __builtin_cpu_init();
  return ck_table_at(2) && __builtin_cpu_supports("avx512bf16");
}

const ck_map_table *ck_bfloat16_table_at(int index) {
  if (index == 3) return ck_has_tiles() ? &ck_amx_table : NULL;
  return index == 2 && ck_has_bfloat16() ? &ck_avx512_bfloat16_table : NULL;
}

const ck_tile_table *ck_tile_table_at(int index) { return index == 3 && ck_has_tiles() ? &ck_amx_tile_table : NULL; }

#define CK_NAME_OF(result, name, parameters) #name,
static const char *const kernel_names[] = {CK_MAP_KERNELS(CK_NAME_OF) CK_TILE_KERNELS(CK_NAME_OF)
                                               CK_KERNELS(CK_NAME_OF)};
#undef CK_NAME_OF

const char *ck_kernel_name(int index) {
  return index >= 0 && index < (int)(sizeof kernel_names / sizeof *kernel_names) ? kernel_names[index] : NULL;
}

ptrdiff_t ck_depthwise_scratch(const ck_depthwise_geometry *g) {
  // A ring of rows for every channel, taps, sums and moments; a row of zeros, and rows of one line of channels; a row that is written.
  const ptrdiff_t channels = (g->channels + 15) / 16 * 16, taps = g->kernel * g->kernel;
  const ptrdiff_t window_columns = (g->output_width - 1) * g->stride + g->kernel;
  const ptrdiff_t gradient_columns = (g->input_width - 1 + g->padding_x) / g->stride + g->kernel;
  const ptrdiff_t forward = (g->kernel * window_columns + taps + 3) * channels +
                            32 * (window_columns + g->output_width) + g->output_width * channels;
  const ptrdiff_t backward = (g->kernel * gradient_columns + 2 * taps + 2) * channels +
                             32 * (gradient_columns + 2 * g->input_width) + g->input_width * channels;
  return forward > backward ? forward : backward;
}
