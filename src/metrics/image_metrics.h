// Measures of images: errors against a recording, flicker, sharpness.
#pragma once

#include <cstdint>
#include <vector>

#include "corpus/corpus.h"
#include "media/image.h"

namespace vultus::metrics {

/// Decibels for a mean squared error of bytes; 99 for no error at all.
double psnr_from_mse(double mse);

/// The box cut to the image, on whole pixels; at least one pixel.
struct PixelBox {
    int left = 0, top = 0, right = 0, bottom = 0;  ///< right and bottom are outside
};
/// scale: image pixels per unit of `box`.
PixelBox pixel_box(const corpus::Box& box, double scale, int width_px, int height_px);

/// Mean squared error of the RGB bytes inside the box. Errors: kInternal when the sizes differ.
double mean_squared_error(const media::Image& a, const media::Image& b, const PixelBox& box);

/// Luma (BT.601), [height, width].
std::vector<float> luma(const media::Image& image);

/// Structural similarity map of two lumas [height, width], 0..255: Gaussian window of 11 pixels (sigma 1.5,
/// edges repeated), K1 0.01, K2 0.03 (Wang et al. 2004).
std::vector<float> ssim_map(const std::vector<float>& a, const std::vector<float>& b, int width_px,
                            int height_px);
double mean_inside(const std::vector<float>& map, int width_px, const PixelBox& box);

/// Mean |grey change| between two frames in the two top corners, 40 x 40 px of a 256-px-wide image
/// (scaled).
double corner_change(const std::vector<float>& luma_before, const std::vector<float>& luma_after,
                     int width_px, int height_px);

/// Variance of the 4-neighbour Laplacian inside the box: more for sharper images.
double laplacian_variance(const std::vector<float>& luma, int width_px, int height_px, const PixelBox& box);

/// Mean colours of a grid of cells that covers the image, [rows, columns, 3].
std::vector<std::uint8_t> cell_colours(const media::Image& image, int columns, int rows);

/// Grey picture [side, side] of the face set upright by its eyes: from above the brows to below the chin, two
/// distances between the eyes wide. landmarks_px [68, 2].
std::vector<std::uint8_t> upright_face(const media::Image& image, const float* landmarks_px, int side);

/// Pearson's correlation of two runs of bytes; 1 where both are flat, 0 where one is.
double correlation(const std::uint8_t* a, const std::uint8_t* b, int count);

}  // namespace vultus::metrics
