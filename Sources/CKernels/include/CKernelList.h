// The kernels, one entry each: result, name, parameters. From this list follow the tables of functions, the table of every instruction set,
// and the names that tests go through.
//
// "rows" are pixels: `channels` contiguous numbers each.
#ifndef CKERNELS_LIST_H
#define CKERNELS_LIST_H

// clang-format off

// Kernels over maps, products of matrices, and the transforms between them. The left operand is [block][row][16]: blocks of 16 columns,
// block_stride words apart. The right operand and products are panels [row][32] of 32 columns.
//
// An operand consists of words of 32 bits: floats, or pairs of bfloat16 that are neighbours in the sum, with the number of even index in the
// lower half. Pairs halve the operand in the direction of the sum: blocks are [row][8] where a sum runs over columns, [row / 2][16] where it
// runs over rows, panels [row / 2][32]. Zeros complete the last pair. Offsets and strides of operands count words.
//
// Feature maps and their gradients, ck_map, consist of floats or of bfloat16 as operands do. Everything else is float32: products, sums,
// weights, and what is computed between reading a map and writing one.
#define CK_MAP_KERNELS(KERNEL)                                                                                              \
  /* Sums over columns of the left operand. product[r] = Σ_k left[k / 16][r][k % 16] * right[k], k < 16 * blocks;           \
     added to what is there when accumulate. Only the first `columns` of 32 columns are asked for. The right operand of the \
     product that follows, `next`, is fetched ahead unless it is NULL. */                                                   \
  KERNEL(void, multiply_panel, (ptrdiff_t rows, ptrdiff_t blocks, const float *left, ptrdiff_t block_stride,                \
                                const float *right, const float *next, ptrdiff_t columns, bool accumulate,                  \
                                float *product))                                                                            \
  /* y[row][first_channel ...] = the product, of `channels` columns in all, normalised, or that is added to what is there.  \
     Of what is normalised, before the activation, moments[0][channel] is the mean over rows, moments[1][channel]           \
     Σ_row (· - mean)^2, channels apart; not wanted when NULL, as when y is added to. finish has no gate. */                \
  KERNEL(void, multiply_to_output, (ptrdiff_t rows, ptrdiff_t blocks, const float *left, ptrdiff_t block_stride,            \
                                    const float *right, ptrdiff_t channels, ptrdiff_t first_channel,                        \
                                    const ck_normalization *finish, ck_writing writing, float *moments, ck_map *y))         \
  /* dx[row][first_channel ...] = the product, or that is added to what is there. sums, unless NULL, are set as those of    \
     normalization_gradient_sums, of x and all of dx; channels apart. */                                                    \
  KERNEL(void, multiply_to_input_gradient, (ptrdiff_t rows, ptrdiff_t blocks, const float *left, ptrdiff_t block_stride,    \
                                            const float *right, ptrdiff_t channels, ptrdiff_t first_channel,                \
                                            ck_writing writing, const ck_map *x, const ck_normalization *reading,           \
                                            const float *mean, float *sums, ck_map *dx))                                    \
  /* blocks[column / 16][row - first_row][column % 16] of the column matrix. Zeros fill the last block. */                  \
  KERNEL(void, gather_blocks, (const ck_gather_geometry *geometry, const ck_map *source, ptrdiff_t first_row,               \
                               ptrdiff_t last_row, float *blocks, ptrdiff_t block_stride))                                  \
  /* panel[row - first_row][0 ..< 32] = matrix[row][first_column ...]; zeros beyond the matrix. Rows in whole               \
     blocks of 16. */                                                                                                       \
  KERNEL(void, pack_panel, (const float *matrix, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first_column,                 \
                            ptrdiff_t first_row, ptrdiff_t last_row, float *panel))                                         \
  /* panel[row - first_row][0 ..< 32] = matrix[first_column ...][row]; rows in whole blocks of 16, zeros beyond the         \
     matrix. */                                                                                                             \
  KERNEL(void, pack_transposed_panel, (const float *matrix, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first_column,      \
                                       ptrdiff_t first_row, ptrdiff_t last_row, float *panel))                              \
  /* v[component][channel / 16][tile][channel % 16], the input transform; components are component_stride apart. Zeros      \
     fill the last block. Unless maxima is NULL, data are gradients of maxima, and the input is what these were taken of:   \
     zero but for the pixels that they chose. */                                                                            \
  KERNEL(void, winograd_input, (const ck_tile_map *input, const ck_map *data, const ck_maxima *maxima,                      \
                                ptrdiff_t first_tile, ptrdiff_t tiles, float *v, ptrdiff_t component_stride,                \
                                ptrdiff_t block_stride))                                                                    \
  /* u[component][row - first_row][0 ..< 32] from w[3][3][inputs][outputs]: rows are inputs, in whole blocks of 16, columns \
     outputs from first_column on, zeros beyond. */                                                                         \
  KERNEL(void, winograd_kernel, (ptrdiff_t tile, const float *w, ptrdiff_t inputs, ptrdiff_t outputs,                       \
                                 ptrdiff_t first_column, ptrdiff_t first_row, ptrdiff_t last_row, float *u,                 \
                                 ptrdiff_t component_stride))                                                               \
  /* The same for the kernel turned by half a turn, with the roles exchanged: rows are outputs, columns inputs. */          \
  KERNEL(void, winograd_turned_kernel, (ptrdiff_t tile, const float *w, ptrdiff_t inputs, ptrdiff_t outputs,                \
                                        ptrdiff_t first_column, ptrdiff_t first_row, ptrdiff_t last_row, float *u,          \
                                        ptrdiff_t component_stride))                                                        \
  /* Sums over rows of both operands. product[r] = Σ_k left[r / 16][k][r % 16] * right[k], r < 16 * blocks, k <             \
     count; added to what is there when accumulate. Only the first `columns` of 32 columns are asked for. The right         \
     operand is a panel, or, when right_stride is not 0, two blocks as those of the left one, right_stride words apart. */  \
  KERNEL(void, multiply_transposed_panel, (ptrdiff_t blocks, ptrdiff_t count, const float *left, ptrdiff_t block_stride,    \
                                           const float *right, ptrdiff_t right_stride, ptrdiff_t columns,                   \
                                           bool accumulate, float *product))                                                \
  /* As gather_blocks, for sums over rows: pairs of bfloat16 lie elsewhere. */                                              \
  KERNEL(void, gather_summed_blocks, (const ck_gather_geometry *geometry, const ck_map *source, ptrdiff_t first_row,        \
                                      ptrdiff_t last_row, float *blocks, ptrdiff_t block_stride))                           \
  /* panels[channel / 32][row][channel % 32] = dy[row][channel], after dy = 0 where y is not inside the bounds;             \
     bias_sums[channel] += Σ_row dy. All dy stay when y is NULL. */                                                         \
  KERNEL(void, panel_output_gradient, (ptrdiff_t rows, ptrdiff_t channels, const ck_map *y, ck_bounds bounds,               \
                                       ck_map *dy, float *panels, ptrdiff_t panel_stride, float *bias_sums))                \
  /* As winograd_input, for sums over rows. */                                                                              \
  KERNEL(void, winograd_summed_input, (const ck_tile_map *input, const ck_map *data, ptrdiff_t first_tile,                  \
                                       ptrdiff_t tiles, float *v, ptrdiff_t component_stride, ptrdiff_t block_stride))      \
  /* m[component][channel / 32][tile][channel % 32], the transpose of the output transform. gradient = 0 where output is    \
     not inside the bounds, unless it is NULL; bias_sums[channel] += its sum over all pixels. With maxima, as the input     \
     transform, gradient stays as it is. */                                                                                 \
  KERNEL(void, winograd_output_gradient, (const ck_tile_map *map, const ck_map *output, ck_bounds bounds,                   \
                                          ck_map *gradient, const ck_maxima *maxima, ptrdiff_t first_tile,                  \
                                          ptrdiff_t tiles, float *m, ptrdiff_t component_stride,                            \
                                          ptrdiff_t panel_stride, float *bias_sums))                                        \
  /* Rows of a map, each pixel of a row of one image, as left operand: blocks[channel / 16][row - first_row][channel % 16]  \
     of the normalised map, as it is when reading is NULL. image_rows rows have the same gate. Zeros fill the last          \
     block. */                                                                                                              \
  KERNEL(void, pixel_blocks, (const ck_map *x, ptrdiff_t channels, ptrdiff_t image_rows,                                    \
                              const ck_normalization *reading, ptrdiff_t first_row, ptrdiff_t last_row, float *blocks,      \
                              ptrdiff_t block_stride))                                                                      \
  /* The same for sums over rows. */                                                                                        \
  KERNEL(void, summed_pixel_blocks, (const ck_map *x, ptrdiff_t channels, ptrdiff_t image_rows,                             \
                                     const ck_normalization *reading, ptrdiff_t first_row, ptrdiff_t last_row,              \
                                     float *blocks, ptrdiff_t block_stride))                                                \
  /* The gradient of what a normalisation has read, x, from that of its result, dy: as left operand of sums over columns,   \
     blocks[channel / 16][row][channel % 16]; and as blocks of sums over rows, where those are not the same. */             \
  KERNEL(void, normalized_gradient_blocks, (ptrdiff_t rows, ptrdiff_t channels, const ck_map *x,                            \
                                            const ck_normalization_gradient *gradient, const ck_map *dy, float *blocks,     \
                                            ptrdiff_t block_stride, float *summed_blocks, ptrdiff_t summed_stride))         \
  /* dx[row][channel], which may be where dy is: the gradient of what a normalisation has read, from that of its result;    \
     panels[channel / 32][row][channel % 32] = dx[row][channel]; bias_sums[channel] += Σ_row dx. */                         \
  KERNEL(void, panel_normalized_gradient, (ptrdiff_t rows, ptrdiff_t channels, const ck_map *x,                             \
                                           const ck_normalization_gradient *gradient, const ck_map *dy, ck_map *dx,         \
                                           float *panels, ptrdiff_t panel_stride, float *bias_sums))                        \
  /* One row of the output: y = max over the window, choice = index of the first maximum within the window (ky *            \
     kernel + kx). */                                                                                                       \
  KERNEL(void, max_pool_row, (const ck_pooling_geometry *geometry, const ck_map *image, ptrdiff_t output_row,               \
                              ck_writing writing, ck_map *y, uint8_t *choice))                                              \
  /* One row of the input gradient from the whole output gradient and the choices of one image. */                          \
  KERNEL(void, max_pool_gradient_row, (const ck_pooling_geometry *geometry, const ck_map *dy, const uint8_t *choice,        \
                                       ptrdiff_t input_row, ck_writing writing, ck_map *dx))                                \
  /* y[r][c] = scale[c] * x[r][c] * inverse_norm[r], inverse_norm[r] = 1 / sqrt(epsilon + Σ_c x[r][c]^2). */                \
  KERNEL(void, l2_normalize, (ptrdiff_t rows, ptrdiff_t channels, float epsilon, const float *scale, const ck_map *x,       \
                              ck_map *y, float *inverse_norm))                                                              \
  /* The gradient of l2_normalize: dx (set or added to, unless it is NULL) and scale_sums[c] = Σ_r dy[r][c] *               \
     x[r][c] * inverse_norm[r]. */                                                                                          \
  KERNEL(void, l2_normalize_gradient, (ptrdiff_t rows, ptrdiff_t channels, const float *scale, const ck_map *x,             \
                                       const float *inverse_norm, const ck_map *dy, bool accumulate, ck_map *dx,            \
                                       float *scale_sums))                                                                  \
  /* y[r][c] = x[r][c], normalised, + addend[r][c], normalised, unless addend is NULL; rows of one image, with its gate. y may\
     be x. */                                                                                                               \
  KERNEL(void, normalize, (ptrdiff_t rows, ptrdiff_t channels, const ck_map *x, const ck_normalization *reading,            \
                           const ck_map *addend, const ck_normalization *addend_reading, ck_map *y))                        \
  /* sums[c] = Σ_r of x[r][c], normalised without a gate, * factors[r][c], or * 1 when factors is NULL. */                  \
  KERNEL(void, normalized_sums, (ptrdiff_t rows, ptrdiff_t channels, const ck_map *x, const ck_normalization *reading,      \
                                 const ck_map *factors, float *sums))                                                       \
  /* With g = dy[r][c] * f'(scale[c] * x[r][c] + shift[c]): sums[0][c] = Σ_r g, sums[1][c] = Σ_r g * (x[r][c] - mean[c]),   \
     channels apart. */                                                                                                     \
  KERNEL(void, normalization_gradient_sums, (ptrdiff_t rows, ptrdiff_t channels, const ck_map *x,                           \
                                             const ck_normalization *reading, const float *mean, const ck_map *dy,          \
                                             float *sums))                                                                  \
  /* Rows [first_row, last_row) of the output maps of all images, counted through them: y = finish(Σ_tap x * w[tap]), x     \
     normalised when it is read, 0 outside the map. Moments as those of multiply_to_output. Never added to. No gates. */    \
  KERNEL(void, depthwise_rows, (const ck_depthwise_geometry *geometry, ptrdiff_t first_row, ptrdiff_t last_row,             \
                                const ck_map *x, const ck_normalization *reading, const float *w,                           \
                                const ck_normalization *finish, ck_writing writing, float *scratch, float *moments,         \
                                ck_map *y))                                                                                 \
  /* Rows [first_row, last_row) of the gradient of the input maps, counted through all images; dx is set or added to, not   \
     wanted when NULL. x is normalised when it is read; the gradient of the output is that of a                             \
     normalisation of z. weight_sums[tap][channel] is set to what the rows of x add to the gradient of w, bias_sums, unless \
     NULL, to that of the bias: every row of the output counts with the first row of the input under its window.            \
     sums, unless NULL, are set as those of normalization_gradient_sums, of x and all of dx. */                             \
  KERNEL(void, depthwise_gradient_rows, (const ck_depthwise_geometry *geometry, ptrdiff_t first_row, ptrdiff_t last_row,    \
                                         const ck_map *x, const ck_normalization *reading, const float *mean,               \
                                         const float *w, const ck_map *z, const ck_normalization_gradient *gradient,        \
                                         const ck_map *dy, ck_writing writing, float *scratch, ck_map *dx,                  \
                                         float *weight_sums, float *bias_sums, float *sums))                                \
  /* The transpose of gathering: source[pixel][first_channel ...] += panels[tap][row - first_row] for all pixels            \
     that the rows of the column matrix read; set to zero before, unless accumulate. */                                     \
  KERNEL(void, scatter_panel, (const ck_gather_geometry *geometry, const float *panels, ptrdiff_t tap_stride,               \
                               ptrdiff_t first_row, ptrdiff_t last_row, ptrdiff_t first_channel, ptrdiff_t images,          \
                               bool accumulate, ck_map *source))                                                            \
  /* The output transform of m[component][tile][0 ..< 32], the channels from first_channel on: data = · + bias, kept in the \
     bounds, or that is added to what is there. No bias when it is NULL. */                                                 \
  KERNEL(void, winograd_output, (const ck_tile_map *output, const float *m, ptrdiff_t component_stride,                     \
                                 ptrdiff_t first_tile, ptrdiff_t tiles, ptrdiff_t first_channel, const float *bias,         \
                                 ck_bounds bounds, ck_writing writing, ck_map *data))                                       \
  /* The maxima of windows of 2x2 pixels of what winograd_output would have written, tiles of 4x4, and the choices of       \
     max_pool_row, unless choice is NULL, but CK_NO_PIXEL where y is not inside the bounds; y and choice are those of all   \
     images. */                                                                                                             \
  KERNEL(void, winograd_pooled_output, (const ck_tile_map *output, const ck_pooling_geometry *geometry, const float *m,     \
                                        ptrdiff_t component_stride, ptrdiff_t first_tile, ptrdiff_t tiles,                  \
                                        ptrdiff_t first_channel, const float *bias, ck_bounds bounds,                       \
                                        ck_writing writing, ck_map *y, uint8_t *choice))                                    \
  /* x[i] = factor * x[i] + term with floats, x[i] + 2 * factor * term with pairs, `rounds` times over in                   \
     registers, with x[i] = i at first and enough of them to keep every multiplier busy; result = Σ_i x[i]. Returns         \
     the number of multiply-adds. */                                                                                        \
  KERNEL(ptrdiff_t, multiply_add_peak, (ptrdiff_t rounds, float factor, float term, float *result))

// Kernels of convolutions by tiles of AMX, which read maps of bfloat16. Pixels of a band are those of rows of a padded map, numbered through;
// their channels fill whole lines of 32, with zeros behind the last. Only where a processor has tiles.
#define CK_TILE_KERNELS(KERNEL)                                                                                             \
  /* Rows [first_row, last_row) of an image with its padding: before the first row, and behind each one. */                 \
  KERNEL(void, lay_band, (const ck_band_geometry *geometry, const ck_map *image, ptrdiff_t first_row, ptrdiff_t last_row,   \
                          ck_map *band))                                                                                    \
  /* y[row][column][first_channel ... 32 of them], `rows` rows: Σ of the band under each tap * right, + bias, kept in the   \
     bounds, or that is added to what is there. right is a panel of the kernel, [channel / 32][tap][channel % 32 / 2][32].  \
     A band has at least 32 pixels behind those that are read, whatever they are. No bias when it is NULL. */               \
  KERNEL(void, convolve_band, (const ck_band_geometry *geometry, const ck_map *band, const float *right, ptrdiff_t rows,    \
                               ptrdiff_t output_channels, ptrdiff_t first_channel, const float *bias, ck_bounds bounds,     \
                               ck_writing writing, ck_map *y))                                                              \
  /* turned[pixel / 32][channel - first_channel][pixel % 32] of 32 channels of a band, zeros from its last pixel up to      \
     turned_pixels, a multiple of 32. */                                                                                    \
  KERNEL(void, turn_band, (const ck_band_geometry *geometry, const ck_map *band, ptrdiff_t pixels, ptrdiff_t first_channel, \
                           ptrdiff_t turned_pixels, ck_map *turned))                                                        \
  /* Rows of the gradient of a band's output as pairs of pixels, panels[channel / 32][16 + pixel / 2][channel % 32], once   \
     with pairs that begin at even pixels, and `odd` words behind with pairs that end there, the first at 16. Zeros for     \
     what is no output, up to `pixels`, a multiple of 32, and for 16 pairs before and behind. Before, dy = 0 where y is     \
     not inside the bounds, unless it is NULL. bias_sums[channel] += Σ dy. */                                               \
  KERNEL(void, pair_gradient_band, (const ck_band_geometry *geometry, ptrdiff_t rows, ptrdiff_t output_channels,            \
                                    const ck_map *y, ck_bounds bounds, ck_map *dy, ptrdiff_t pixels, float *panels,         \
                                    ptrdiff_t panel_stride, ptrdiff_t odd, float *bias_sums))                               \
  /* products[tap][channel][0 ..< 32], tap_stride apart: Σ of 32 channels of turned bands under each tap * panel, of bands  \
     and pairs as the kernels before lay them, turned_stride numbers and band_stride words apart; added to what is there    \
     when accumulate. Only the first `columns` of 32 columns are asked for. */                                              \
  KERNEL(void, multiply_bands, (const ck_band_geometry *geometry, ptrdiff_t bands, const ck_map *turned,                    \
                                ptrdiff_t turned_stride, const float *panel, ptrdiff_t band_stride, ptrdiff_t odd,          \
                                ptrdiff_t pixels, ptrdiff_t columns, bool accumulate, float *products,                      \
                                ptrdiff_t tap_stride))

// All others.
#define CK_KERNELS(KERNEL)                                                                                                  \
  /* columns[p - first_row][c - first_column] for p in [first_row, last_row), c in [first_column, last_column) of           \
     the column matrix [pixels][kernel_height * kernel_width * channels]. */                                                \
  KERNEL(void, gather_columns, (const ck_gather_geometry *geometry, const float *source, ptrdiff_t first_row,               \
                                ptrdiff_t last_row, ptrdiff_t first_column, ptrdiff_t last_column, float *columns))         \
  /* y[r][c] += bias[c], unless it is NULL, then kept in the bounds. */                                                     \
  KERNEL(void, add_bias, (ptrdiff_t rows, ptrdiff_t channels, const float *bias, ck_bounds bounds, float *y))               \
  /* dy[r][c] = 0 where y[r][c] is not inside the bounds, unless it is NULL; sums[c] = Σ_r dy[r][c]. */                     \
  KERNEL(void, bias_gradient, (ptrdiff_t rows, ptrdiff_t channels, const float *y, ck_bounds bounds, float *dy,             \
                               float *sums))                                                                                \
  /* Mean and biased variance of all rows from the moments of parts, moments[part][2][channels], of counts[part] rows. */   \
  KERNEL(void, merge_moments, (ptrdiff_t parts, ptrdiff_t channels, const ptrdiff_t *counts, const float *moments,          \
                               float *mean, float *variance))                                                               \
  /* y[i] += x[i]. */                                                                                                       \
  KERNEL(void, add, (ptrdiff_t count, const float *x, float *y))                                                            \
  /* bfloat16 is float32 cut to its upper 16 bits, rounded to the nearest, ties to even; what is no number stays none.      \
     bits[i] = x[i] so rounded. */                                                                                          \
  KERNEL(void, encode_bfloat16, (ptrdiff_t count, const float *x, uint16_t *bits))                                          \
  /* x[i] = the number that bits[i] is. */                                                                                  \
  KERNEL(void, decode_bfloat16, (ptrdiff_t count, const uint16_t *bits, float *x))                                          \
  /* y[i] += x[i], both numbers and their sum rounded to bfloat16. */                                                       \
  KERNEL(void, add_bfloat16, (ptrdiff_t count, const float *x, float *y))                                                   \
  /* momentum = factor * momentum + (scale * gradient + decay * weight); weight -= rate * momentum. Whether all             \
     momentum is finite. */                                                                                                 \
  KERNEL(bool, sgd_update, (ptrdiff_t count, float rate, float factor, float decay, float scale, const float *gradient,     \
                            float *momentum, float *weight))                                                                \
  /* Σ_i x[i]^2, the same bits with every table. */                                                                         \
  KERNEL(double, sum_of_squares, (ptrdiff_t count, const float *x))                                                         \
  /* average[i] += share * (x[i] - average[i]). */                                                                          \
  KERNEL(void, move_average, (ptrdiff_t count, float share, const float *x, float *average))                                \
  /* Images of pixels [red, green, blue]; results are the same with every table. samples[i] = factor * samples[i] +         \
     term, to the nearest integer, ties to even, and into 0 ... 255. */                                                     \
  KERNEL(void, scale_samples, (ptrdiff_t count, float factor, float term, uint8_t *samples))                                \
  /* Multiplies the saturation, rounded and kept in 0 ... 255 likewise.                                                     \
     Hue 0 ... 179, saturation and value 0 ... 255 are those of OpenCV's COLOR_RGB2HSV and COLOR_HSV2RGB, which             \
     reads a hue of 180 or more modulo 180. */                                                                              \
  KERNEL(void, scale_saturation, (ptrdiff_t pixel_count, float factor, uint8_t *pixels))                                    \
  /* Adds to the hue, in steps of 2 degrees, likewise. */                                                                   \
  KERNEL(void, turn_hue, (ptrdiff_t pixel_count, float term, uint8_t *pixels))                                              \
  /* result[i] = Σ_k weights[k] * (rows[k * row_stride + i] - zeros[i]), k < row_count, which is at least 1. */             \
  KERNEL(void, blend_rows, (ptrdiff_t count, ptrdiff_t row_count, const float *weights, const uint8_t *rows,                \
                            ptrdiff_t row_stride, const float *zeros, float *result))                                       \
  /* Pixel c of result = Σ_k weights[offset[c] + k] * pixel first[c] + k of row, k < offset[c + 1] - offset[c],             \
     kept in lowest[0 ..< 3] ... highest[0 ..< 3]. Reads one float behind the last pixel of the row. */                     \
  KERNEL(void, blend_columns, (ptrdiff_t count, const ptrdiff_t *first, const ptrdiff_t *offset, const float *weights,      \
                               const float *row, const float *lowest, const float *highest, float *result))                 \
  /* Softmax of rows of logits, [rows][classes], of all classes but the first: keys[class - 1][row], key_stride apart, are  \
     the bits of scores above the threshold, which is not negative, and -1 elsewhere; reaches[row] is 1 where there is one, \
     0 elsewhere. The same with every table. */                                                                             \
  KERNEL(void, score_keys, (ptrdiff_t rows, ptrdiff_t classes, const float *logits, float threshold,                        \
                            ptrdiff_t key_stride, int32_t *keys, uint8_t *reaches))                                         \
  /* Whether the IoU of a box with one of others[group][5][16], [x of the left, y of the top, x of the right, y of the      \
     bottom, area], exceeds a threshold. The same with every table. */                                                      \
  KERNEL(bool, overlaps_box, (float left, float top, float right, float bottom, ptrdiff_t groups, const float *others,      \
                              float threshold))                                                                             \
  /* The transpose of pack_panel, as far as the matrix goes. */                                                             \
  KERNEL(void, unpack_panel, (const float *panel, ptrdiff_t columns, ptrdiff_t first_column, ptrdiff_t first_row,           \
                              ptrdiff_t last_row, float *matrix))                                                           \
  /* The transpose of winograd_kernel: w[tap][row][column] of the rows [first_row, last_row) and 32 columns from            \
     first_column on. */                                                                                                    \
  KERNEL(void, winograd_kernel_gradient, (ptrdiff_t tile, const float *u, ptrdiff_t component_stride, ptrdiff_t inputs,     \
                                          ptrdiff_t outputs, ptrdiff_t first_column, ptrdiff_t first_row,                   \
                                          ptrdiff_t last_row, float *w))

// clang-format on

#endif
