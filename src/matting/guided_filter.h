// Smooths one picture along the edges of another.
#pragma once

#include <cstddef>
#include <vector>

namespace vultus::matting {

/// Means over squares of 2 radius + 1, cut at the border. values, out: [height, width]; out may be values.
void box_mean(const float* values, int width, int height, int radius, std::vector<float>& scratch,
              float* out);

/// He, Sun, Tang: "Guided Image Filtering", ECCV 2010, with a coloured guide (equations 14 to 16): in each
/// square, the output is a linear function of the guide's colours. Owns its scratch memory: one caller at a
/// time.
class GuidedFilter {
  public:
    /// eps: variance of the guide's colours, as they are given, below which its structure is smoothed over.
    GuidedFilter(int width, int height, int radius, float eps);

    /// rgb [3, height, width].
    void set_guide(const float* rgb);
    /// Of the values [height, width]: the linear functions, [4, height, width] (red, green, blue, constant),
    /// averaged over all squares that hold the pixel. They may be enlarged and put to a larger guide (He,
    /// Sun: "Fast Guided Filter", arXiv 1505.00996).
    const std::vector<float>& functions(const float* values);
    /// out [height, width]; may be values.
    void smooth(const float* values, float* out);

  private:
    int width_, height_, radius_;
    std::size_t count_;
    float eps_;
    std::vector<float> guide_, mean_, inverse_;  ///< [3], [3], [6] planes
    std::vector<float> product_, functions_, scratch_;
};

}  // namespace vultus::matting
