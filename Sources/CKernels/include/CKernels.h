// Kernels over float32 NHWC data, each compiled for several instruction sets. A table holds one variant of every kernel;
// the caller picks a table once, at run time. "rows" are pixels: `channels` contiguous floats each.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xmmintrin.h>

// Which source pixel feeds which row of a column matrix (im2col). Row p of the matrix belongs to the target pixel p of the
// batch, counted through images, rows and columns; kernel tap (ky, kx) reads the source pixel
//     y = (targetY * up + offset_y + ky * step) / down,   x likewise,
// and zeros when the division leaves a remainder or the pixel lies outside.
typedef struct {
  ptrdiff_t source_height, source_width, channels;
  ptrdiff_t target_height, target_width;
  ptrdiff_t kernel_height, kernel_width;
  ptrdiff_t up_y, up_x, down_y, down_x;
  ptrdiff_t offset_y, offset_x, step_y, step_x;
} ck_gather_geometry;

typedef struct {
  ptrdiff_t input_height, input_width, output_height, output_width, channels;
  ptrdiff_t kernel, stride, padding;
} ck_pooling_geometry;

typedef struct {
  const char *name;

  // columns[p - first_row][c - first_column] for p in [first_row, last_row), c in [first_column, last_column) of the column matrix
  // [pixels][kernel_height * kernel_width * channels].
  void (*gather_columns)(const ck_gather_geometry *geometry, const float *source, ptrdiff_t first_row, ptrdiff_t last_row,
                         ptrdiff_t first_column, ptrdiff_t last_column, float *columns);

  // y[r][c] += bias[c], then max(0, ·) when rectify.
  void (*add_bias)(ptrdiff_t rows, ptrdiff_t channels, const float *bias, bool rectify, float *y);

  // dy[r][c] = 0 where y[r][c] <= 0 when rectify; sums[c] = Σ_r dy[r][c].
  void (*bias_gradient)(ptrdiff_t rows, ptrdiff_t channels, const float *y, bool rectify, float *dy, float *sums);

  // One row of the output: y = max over the window, choice = index of the first maximum within the window (ky * kernel + kx).
  void (*max_pool_row)(const ck_pooling_geometry *geometry, const float *image, ptrdiff_t output_row, float *y, uint8_t *choice);

  // One row of the input gradient from the whole output gradient and the choices of one image.
  void (*max_pool_gradient_row)(const ck_pooling_geometry *geometry, const float *dy, const uint8_t *choice, ptrdiff_t input_row,
                                bool accumulate, float *dx);

  // y[r][c] = scale[c] * x[r][c] * inverse_norm[r], inverse_norm[r] = 1 / sqrt(epsilon + Σ_c x[r][c]^2).
  void (*l2_normalize)(ptrdiff_t rows, ptrdiff_t channels, float epsilon, const float *scale, const float *x, float *y,
                       float *inverse_norm);

  // The gradient of l2_normalize: dx (set or added to) and scale_sums[c] = Σ_r dy[r][c] * x[r][c] * inverse_norm[r].
  void (*l2_normalize_gradient)(ptrdiff_t rows, ptrdiff_t channels, const float *scale, const float *x, const float *inverse_norm,
                                const float *dy, bool accumulate, float *dx, float *scale_sums);

  // y[i] += x[i].
  void (*add)(ptrdiff_t count, const float *x, float *y);

  // momentum = factor * momentum + (gradient + decay * weight); weight -= rate * momentum. Whether all momentum is finite.
  bool (*sgd_update)(ptrdiff_t count, float rate, float factor, float decay, const float *gradient, float *momentum, float *weight);

  // x[i] = factor * x[i] + term, `rounds` times over in registers, with x[i] = i at first and enough of them to keep every multiplier busy;
  // result = Σ_i x[i]. Returns the number of multiply-adds.
  ptrdiff_t (*multiply_add_peak)(ptrdiff_t rounds, float factor, float term, float *result);
} ck_table;

// Tables from the slowest to the fastest; an entry this processor cannot run is NULL.
enum { CK_TABLE_COUNT = 3 };
const ck_table *ck_table_at(int index);

// Processors in this process's affinity mask.
int ck_available_processors(void);

// Flushes denormal results and operands to zero in the calling thread; returns the previous control word for ck_restore_denormals.
static inline unsigned ck_flush_denormals(void) {
  unsigned previous = _mm_getcsr();
  _mm_setcsr(previous | 0x8040);
  return previous;
}

static inline void ck_restore_denormals(unsigned previous) { _mm_setcsr(previous); }

static inline void ck_pause(void) { _mm_pause(); }

#endif
