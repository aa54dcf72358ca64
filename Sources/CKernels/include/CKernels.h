// Kernels over NHWC maps and over images of bytes, each compiled for several instruction sets. A table holds one variant of
// every kernel; the caller picks a table once, at run time. CKernelList.h says which there are.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xmmintrin.h>

#include "CKernelList.h"

// A feature map, or the gradient of one: floats or bfloat16, as the table's name says.
typedef void ck_map;

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

// What the activation of a convolution keeps its output in: -INFINITY and INFINITY for none, 0 and INFINITY for ReLU, 0 and 6 for ReLU6.
typedef struct {
  float lower, upper;
} ck_bounds;

// f of a normalisation: what keeps a number in bounds, or hard-swish, v * min(max(v + 3, 0), 6) / 6.
typedef struct {
  ck_bounds bounds;
  bool is_hard_swish;
} ck_activation;

// What is still to be done to the numbers of a map: f(scale[c] * x + shift[c]) * gate[image][c]. NULL is 1 for scale and gate, 0 for shift.
typedef struct {
  const float *scale, *shift, *gate;
  ck_activation activation;
} ck_normalization;

// The gradient of what a batch normalisation reads, from that of its result:
//     dx = scale[c] * dy * f'(scale[c] * x + shift[c]) + slope[c] * x + term[c]
typedef struct {
  const float *scale, *shift, *slope, *term;
  ck_activation activation;
} ck_normalization_gradient;

// How a map is written. Past the caches nothing is read for what is written, and nothing that is still needed makes room for it: right for
// maps that the caches do not hold until they are read. Floats are written whatever maps consist of: results of the network, say.
typedef enum { CK_SET, CK_SET_PAST_CACHES, CK_ADD, CK_SET_FLOATS } ck_writing;

// A depthwise convolution. Windows begin `padding` pixels before the map; kernel is 3 or 5, stride 1 or 2.
typedef struct {
  ptrdiff_t input_height, input_width, output_height, output_width, channels;
  ptrdiff_t kernel, stride, padding_y, padding_x;
} ck_depthwise_geometry;

// How Winograd tiles of `images` maps cover them: n x n output pixels each, `dilation` pixels apart; n is 4, or 6 where words are floats. Their
// windows in the input begin `padding` pixels before. Rows of tiles from `full_rows` on have one row of pixels less, and columns of tiles
// likewise: they are short. Tile row r is the (r / d)th of the maps' rows r % d, r % d + d, ..., which begins where the one before ends.
typedef struct {
  ptrdiff_t tile;
  ptrdiff_t images, height, width, channels;
  ptrdiff_t tile_rows, tile_columns, full_rows, full_columns;
  ptrdiff_t padding, dilation;
} ck_tile_map;

// The maxima of windows of 2x2 pixels, height x width of them: which pixel of its window each is, or CK_NO_PIXEL where its gradient goes nowhere.
enum { CK_NO_PIXEL = 255 };
typedef struct {
  ptrdiff_t height, width;
  const uint8_t *choice;
} ck_maxima;

// A convolution of stride 1, kernel x kernel taps, of a map with `padding` zeros on every side, less than the kernel's extent. Pixels of a band
// are `pixel_stride` numbers apart, whole lines.
typedef struct {
  ptrdiff_t height, width, channels, pixel_stride;
  ptrdiff_t kernel, dilation, padding;
} ck_band_geometry;

#define CK_MEMBER(result, name, parameters) result(*name) parameters;

// Kernels over maps and operands, for one kind of their numbers.
typedef struct {
  CK_MAP_KERNELS(CK_MEMBER)
} ck_map_table;

typedef struct {
  CK_TILE_KERNELS(CK_MEMBER)
} ck_tile_table;

typedef struct {
  const char *name;
  // For maps and operands of floats.
  ck_map_table float32;
  CK_KERNELS(CK_MEMBER)
} ck_table;

#undef CK_MEMBER

// The name of a kernel by its place in the list, those for maps first, then those of tiles; NULL beyond the last.
const char *ck_kernel_name(int index);

// The kernels for maps and operands of floats.
static inline const ck_map_table *ck_float32_table(const ck_table *table) { return &table->float32; }

// Tables from the slowest to the fastest; an entry this processor cannot run is NULL.
enum { CK_TABLE_COUNT = 4 };
const ck_table *ck_table_at(int index);

// The name of the table at an index, whether this processor can run it or not; NULL beyond the last.
const char *ck_table_name(int index);

// Whether this processor, and the system on it, can multiply pairs of bfloat16 (AVX512-BF16).
bool ck_has_bfloat16(void);

// Whether this processor can multiply tiles of bfloat16 (AMX), and the system lets this process do so.
bool ck_has_tiles(void);

// Kernels for maps of bfloat16 and operands of pairs, for the table of the same index; NULL where there are none.
const ck_map_table *ck_bfloat16_table_at(int index);

// Kernels of convolutions by tiles, for the table of the same index; NULL where there are none.
const ck_tile_table *ck_tile_table_at(int index);

// Floats of scratch that the depthwise kernels want, whatever the instruction set.
ptrdiff_t ck_depthwise_scratch(const ck_depthwise_geometry *geometry);

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
