#define _GNU_SOURCE
#include <cpuid.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CKernels.h"

int ck_available_processors(void) {
  cpu_set_t mask;
  return sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : 1;
}

bool ck_has_tiles(void) {
  // AMX-BF16 and AMX-TILE are bits 22 and 24 of edx.
  enum { TILE_BITS = 1 << 22 | 1 << 24, REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
  unsigned a, b, c, d;
  if (!ck_has_bfloat16() || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & TILE_BITS) != TILE_BITS) return false;
  // Linux gives threads room for tiles only when it is asked; asking again does no harm.
  return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}
