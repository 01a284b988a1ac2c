#include "speaking/head_motion.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vultus::speaking {
namespace {

constexpr double kLeastRunSeconds = 2.0, kMostRunSeconds = 8.0;
constexpr double kBlendSeconds = 0.6;  ///< over which what a jump leaves is made up for
constexpr double kApartSeconds = 2.0;  ///< a jump goes at least that far
constexpr std::size_t kChoices = 6;    ///< a jump takes one of so many best places

}  // namespace

HeadMotion::HeadMotion(std::vector<float> motion, std::vector<std::int64_t> clip_frames, double fps,
                       std::uint64_t seed)
    : motion_(std::move(motion)), num_rows_(static_cast<std::int64_t>(motion_.size() / 3)), rng_(seed) {
    const auto frames = [fps](double seconds) {
        return std::max<std::int64_t>(1, std::llround(seconds * fps));
    };
    least_run_ = frames(kLeastRunSeconds);
    most_run_ = frames(kMostRunSeconds);
    blend_ = frames(kBlendSeconds);
    apart_ = frames(kApartSeconds);
    if (clip_frames.empty()) clip_frames.push_back(num_rows_);
    std::int64_t longest = 0;
    for (const std::int64_t count : clip_frames) {
        const auto end = static_cast<std::int64_t>(clip_end_.size()) + count;
        if (count > longest) longest_clip_ = end - count, longest = count;
        clip_end_.resize(static_cast<std::size_t>(end), end);
    }
    require(static_cast<std::int64_t>(clip_end_.size()) == num_rows_,
            "[talk] head motion: expected clips of {} frames together, got {}", num_rows_, clip_end_.size());
    for (std::size_t k = 0; k < 3; ++k) {
        double angles = 1e-9, speeds = 1e-9;
        for (std::int64_t i = 1; i < num_rows_; ++i) {
            angles += std::pow(row(i)[k], 2);
            if (!ends_after(i - 1)) speeds += std::pow(row(i)[k] - row(i - 1)[k], 2);
        }
        angle_scale_[k] = 1 / std::sqrt(angles);
        speed_scale_[k] = 1 / std::sqrt(speeds);
    }
    made_.resize(3 * kKept);
    run_ = most_run_;
}

bool HeadMotion::ends_after(std::int64_t row) const {
    return row + 1 >= clip_end_[static_cast<std::size_t>(row)];
}

/// A place with a frame before it and enough of its clip after it.
bool HeadMotion::may_enter(std::int64_t row) const {
    return row > 0 && !ends_after(row - 1) &&
           clip_end_[static_cast<std::size_t>(row)] - row > std::min(least_run_, num_rows_ / 4);
}

double HeadMotion::distance_to(std::int64_t to) const {
    double sum = 0;
    for (std::size_t k = 0; k < 3; ++k) {
        const double speed = (shown_[k] - before_[k]) - (row(to)[k] - row(to - 1)[k]);
        sum += std::pow((shown_[k] - row(to)[k]) * angle_scale_[k], 2) + std::pow(speed * speed_scale_[k], 2);
    }
    return sum;
}

/// To one of the places that are most like what is shown, but not to where it is now.
void HeadMotion::jump() {
    std::vector<std::pair<double, std::int64_t>> places;
    for (std::int64_t to = 1; to < num_rows_; ++to)
        if (may_enter(to) && std::abs(to - row_) >= apart_) places.emplace_back(distance_to(to), to);
    if (places.empty()) places.emplace_back(0.0, longest_clip_);  // no second place: again from its beginning
    const std::size_t choices = std::min(kChoices, places.size());
    std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(choices), places.end());
    row_ = places[rng_.below(choices)].second;
    for (std::size_t k = 0; k < 3; ++k) offset_[k] = shown_[k] - row(row_)[k];
    since_jump_ = 0;
    run_ = least_run_ +
           static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(most_run_ - least_run_ + 1)));
}

void HeadMotion::advance() {
    if (row_ >= 0 && (--run_ <= 0 || ends_after(row_))) jump();
    ++row_;
    const double part = std::min(1.0, static_cast<double>(++since_jump_) / static_cast<double>(blend_));
    const auto left = static_cast<float>(1 - part * part * (3 - 2 * part));
    float* made = &made_[static_cast<std::size_t>(3 * (num_made_++ % kKept))];
    for (std::size_t k = 0; k < 3; ++k) {
        before_[k] = shown_[k];
        made[k] = shown_[k] = row(row_)[k] + left * offset_[k];
    }
}

const float* HeadMotion::at(std::int64_t frame) {
    require(!empty() && frame >= 0 && frame + kKept >= num_made_, "[talk] head motion: frame {} of {}", frame,
            num_made_);
    while (num_made_ <= frame) advance();
    return &made_[static_cast<std::size_t>(3 * (frame % kKept))];
}

}  // namespace vultus::speaking
