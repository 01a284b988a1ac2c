#include "person/picture_space.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vultus::person {

PictureSpace::PictureSpace(int size_px, const std::vector<std::uint8_t>& mean_picture, double scale)
    : size_px_(size_px),
      mean_(static_cast<std::size_t>(3) * size_px * size_px, 0.0f),
      scale_(static_cast<float>(scale)) {
    if (mean_picture.empty()) return;
    require(mean_picture.size() == mean_.size(), "[person] mean picture of {} bytes for {} px",
            mean_picture.size(), size_px);
    const std::size_t area = mean_.size() / 3;
    for (std::size_t i = 0; i < area; ++i)
        for (std::size_t c = 0; c < 3; ++c) mean_[c * area + i] = mean_picture[3 * i + c] / 127.5f - 1;
}

void PictureSpace::to_model(const std::uint8_t* rgb, float* planes) const {
    const std::size_t area = mean_.size() / 3;
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t i = 0; i < area; ++i)
            planes[c * area + i] = (rgb[3 * i + c] / 127.5f - 1 - mean_[c * area + i]) / scale_;
}

void PictureSpace::to_rgb(const float* planes, std::uint8_t* rgb) const {
    const std::size_t area = mean_.size() / 3;
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t i = 0; i < area; ++i) {
            const float value = (planes[c * area + i] * scale_ + mean_[c * area + i] + 1) * 127.5f;
            rgb[3 * i + c] = static_cast<std::uint8_t>(std::lrintf(std::clamp(value, 0.0f, 255.0f)));
        }
}

void PictureSpace::clip(std::span<float> planes) const {
    for (std::size_t begin = 0; begin + mean_.size() <= planes.size(); begin += mean_.size())
        for (std::size_t i = 0; i < mean_.size(); ++i)
            planes[begin + i] =
                std::clamp(planes[begin + i], (-1 - mean_[i]) / scale_, (1 - mean_[i]) / scale_);
}

}  // namespace vultus::person
