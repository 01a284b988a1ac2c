// Somebody outside turns the head while it lives.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace vultus::speaking {

/// Angles that a head shall take, in degrees as a person's poses; those not given go on by themselves.
struct HeadPose {
    std::optional<float> yaw_deg, pitch_deg, roll_deg;
    double seconds = 0;  ///< then all are let go again; 0: until told otherwise
};

/// Leads from the motion that goes on by itself to wanted angles and back, without a jump in place or
/// speed: critically damped, nine tenths of the way in 0.5 s.
/// Threads  one caller at a time.
class HeadSteering {
  public:
    explicit HeadSteering(double fps);

    /// values: as those of apply(), each absent to let go. seconds: as HeadPose's.
    void want(const std::array<std::optional<float>, 3>& values, double seconds);
    /// The next frame: from what the head would do, in place, to what it does.
    void apply(float* values);

  private:
    struct Damped {
        double value = 0, speed = 0;
        void approach(double target, double step_s);
    };
    double step_s_;
    std::array<std::optional<float>, 3> wanted_;
    std::array<Damped, 3> share_, angle_;  ///< how much is steered, 0..1; whither
    std::int64_t frames_left_ = -1;        ///< -1: for ever
};

}  // namespace vultus::speaking
