// Between the bytes of an image and the units that a person's networks work in.
#pragma once

#include <cstdint>
#include <vector>

namespace vultus::person {

/// image -> (image - mean) / scale, per pixel, in [-1, 1] units; without a mean image: plain [-1, 1].
class ImageNormalisation {
  public:
    /// mean_image: RGB [S, S, 3] or empty; scale: of the residual (1 without a mean image).
    /// steadiness: [S, S], how much of the residual to_rgb() shows, 255 all; empty: all.
    ImageNormalisation(int size_px, const std::vector<std::uint8_t>& mean_image, double scale,
                       const std::vector<std::uint8_t>& steadiness = {});

    /// RGB [S, S, 3] -> [3, S, S].
    void to_model(const std::uint8_t* rgb, float* planes) const;
    /// [3, S, S] -> RGB [S, S, 3], rounded and clipped.
    void to_rgb(const float* planes, std::uint8_t* rgb) const;
    /// The least and the most that an image's values can be, [3, S, S] each.
    const std::vector<float>& low() const { return low_; }
    const std::vector<float>& high() const { return high_; }
    /// The mean image in [-1, 1], [3, S, S]; zeros without one.
    const std::vector<float>& mean() const { return mean_; }
    float scale() const { return scale_; }
    std::int64_t num_values() const { return static_cast<std::int64_t>(mean_.size()); }

  private:
    int size_px_;
    std::vector<float> mean_;  ///< [3, S, S] in [-1, 1]
    std::vector<float> low_, high_;
    std::vector<float> bytes_per_unit_;  ///< [S, S]: what a unit of the residual becomes in to_rgb()
    float scale_;
};

}  // namespace vultus::person
