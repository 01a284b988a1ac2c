#include "audio/row_interpolator.h"

#include <algorithm>

namespace vultus::audio {

void RowInterpolator::advance(bool last, std::vector<float>& out) {
    const std::int64_t end = first_row_ + static_cast<std::int64_t>(rows_.size()) / width_;
    for (;; ++next_) {
        const double position = static_cast<double>(next_) * step_;
        const auto low = static_cast<std::int64_t>(position);
        const double part = position - static_cast<double>(low);
        const std::int64_t high = part > 0 ? low + 1 : low;
        if (low >= end || (high >= end && !last)) break;
        const float* a = &rows_[static_cast<std::size_t>((low - first_row_) * width_)];
        const float* b = &rows_[static_cast<std::size_t>((std::min(high, end - 1) - first_row_) * width_)];
        for (std::int64_t k = 0; k < width_; ++k)
            out.push_back(static_cast<float>(a[k] + part * (b[k] - a[k])));
    }
    const std::int64_t keep_from =
        std::min(end, static_cast<std::int64_t>(static_cast<double>(next_) * step_));
    if (keep_from > first_row_) {
        rows_.erase(rows_.begin(),
                    rows_.begin() + static_cast<std::ptrdiff_t>((keep_from - first_row_) * width_));
        first_row_ = keep_from;
    }
}

}  // namespace vultus::audio
