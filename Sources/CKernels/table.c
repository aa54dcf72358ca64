#include "CKernels.h"

extern const ck_table ck_baseline_table, ck_avx2_table, ck_avx512_table;

const ck_table *ck_table_at(int index) {
  __builtin_cpu_init();
  switch (index) {
    case 0: return &ck_baseline_table;
    case 1: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &ck_avx2_table : NULL;
    case 2: return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? &ck_avx512_table : NULL;
    default: return NULL;
  }
}
