#include "person/image_normalisation.h"

#include <algorithm>

#include "base/error.h"

namespace vultus::person {

ImageNormalisation::ImageNormalisation(int size_px, const std::vector<std::uint8_t>& mean_image, double scale,
                                       const std::vector<std::uint8_t>& steadiness)
    : size_px_(size_px),
      mean_(static_cast<std::size_t>(3) * size_px * size_px, 0.0f),
      scale_(static_cast<float>(scale)) {
    const std::size_t area = mean_.size() / 3;
    if (!mean_image.empty()) {
        require(mean_image.size() == mean_.size(), "[person] mean image of {} bytes for {} px",
                mean_image.size(), size_px);
        for (std::size_t i = 0; i < area; ++i)
            for (std::size_t c = 0; c < 3; ++c) mean_[c * area + i] = mean_image[3 * i + c] / 127.5f - 1;
    }
    require(steadiness.empty() || steadiness.size() == area, "[person] steadiness of {} values for {} px",
            steadiness.size(), size_px);
    bytes_per_unit_.assign(area, scale_ * 127.5f);
    for (std::size_t i = 0; i < steadiness.size(); ++i) bytes_per_unit_[i] *= steadiness[i] / 255.0f;
    for (const float mean : mean_) {
        low_.push_back((-1 - mean) / scale_);
        high_.push_back((1 - mean) / scale_);
    }
}

void ImageNormalisation::to_model(const std::uint8_t* rgb, float* planes) const {
    const std::size_t area = mean_.size() / 3;
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t i = 0; i < area; ++i)
            planes[c * area + i] = (rgb[3 * i + c] / 127.5f - 1 - mean_[c * area + i]) / scale_;
}

void ImageNormalisation::to_rgb(const float* planes, std::uint8_t* rgb) const {
    // Plane by plane into a few bytes at a time, so that the compiler works on several values at once.
    constexpr std::size_t kPart = 64;
    const std::size_t area = mean_.size() / 3;
    std::uint8_t bytes[3][kPart];
    for (std::size_t begin = 0; begin < area; begin += kPart) {
        const std::size_t count = std::min(kPart, area - begin);
        for (std::size_t c = 0; c < 3; ++c) {
            const float *from = planes + c * area + begin, *mean = &mean_[c * area + begin],
                        *factor = &bytes_per_unit_[begin];
            for (std::size_t i = 0; i < count; ++i) {
                float value = from[i] * factor[i] + (mean[i] + 1) * 127.5f;
                value = value > 0.0f ? value : 0.0f;
                value = value < 255.0f ? value : 255.0f;
                bytes[c][i] = static_cast<std::uint8_t>(static_cast<int>(value + 0.5f));
            }
        }
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t c = 0; c < 3; ++c) rgb[3 * (begin + i) + c] = bytes[c][i];
    }
}

}  // namespace vultus::person
