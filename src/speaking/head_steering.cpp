#include "speaking/head_steering.h"

#include <algorithm>
#include <cmath>

namespace vultus::speaking {
namespace {

constexpr double kRate = 7.8;      ///< 1/s; (1 + x) e^-x is 0.1 at x = 3.9
constexpr double kSettled = 1e-3;  ///< of a share: as good as none

}  // namespace

HeadSteering::HeadSteering(double fps) : step_s_(1 / fps) {}

/// A critically damped spring, exactly for a target that holds still over the step.
void HeadSteering::Damped::approach(double target, double step_s) {
    const double away = value - target, drive = speed + kRate * away, fade = std::exp(-kRate * step_s);
    value = target + (away + drive * step_s) * fade;
    speed = (speed - kRate * drive * step_s) * fade;
}

void HeadSteering::want(const std::array<std::optional<float>, 3>& values, double seconds) {
    wanted_ = values;
    frames_left_ = seconds > 0 ? std::max<std::int64_t>(1, std::llround(seconds / step_s_)) : -1;
    for (std::size_t k = 0; k < 3; ++k)
        if (wanted_[k] && share_[k].value < kSettled) angle_[k] = {*wanted_[k], 0};
}

void HeadSteering::apply(float* values) {
    if (frames_left_ == 0) wanted_ = {};
    if (frames_left_ > 0) --frames_left_;
    for (std::size_t k = 0; k < 3; ++k) {
        share_[k].approach(wanted_[k] ? 1 : 0, step_s_);
        if (wanted_[k]) angle_[k].approach(*wanted_[k], step_s_);
        if (!wanted_[k] && share_[k].value < kSettled) share_[k] = {};  // to the bit as if nobody had steered
        if (share_[k].value == 0) continue;
        values[k] += static_cast<float>(share_[k].value * (angle_[k].value - values[k]));
    }
}

}  // namespace vultus::speaking
