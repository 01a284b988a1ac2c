#include "metrics/speech_level.h"

#include <algorithm>
#include <cmath>

#include "metrics/track_metrics.h"

namespace vultus::metrics {
namespace {

constexpr double kSampleRateHz = 16000.0;
constexpr double kFloorDb = 50.0;
constexpr double kSilentDb = 30.0;
constexpr double kNoSound = 1e-8;  // -80 dB of full scale: below this a file holds no speech at all

// Mean square of the samples that belong to each frame.
std::vector<double> frame_power(const std::vector<float>& audio, double fps, std::int64_t num_frames) {
    std::vector<double> power(num_frames, 0.0);
    const auto size = static_cast<std::int64_t>(audio.size());
    for (std::int64_t i = 0; i < num_frames; ++i) {
        const auto from =
            std::min(size, static_cast<std::int64_t>(std::llround(double(i) * kSampleRateHz / fps)));
        const auto to =
            std::min(size, static_cast<std::int64_t>(std::llround(double(i + 1) * kSampleRateHz / fps)));
        double sum = 0;
        for (std::int64_t n = from; n < to; ++n) sum += double(audio[n]) * audio[n];
        if (to > from) power[i] = sum / static_cast<double>(to - from);
    }
    return power;
}

}  // namespace

std::vector<float> speech_level_db(const std::vector<float>& audio, double fps, std::int64_t num_frames) {
    const std::vector<double> power = frame_power(audio, fps, num_frames);
    const double loud = std::max(percentile(power, 0.95), kNoSound);
    const double floor = loud * std::pow(10.0, -kFloorDb / 10.0);
    std::vector<double> level(power.size());
    for (std::size_t i = 0; i < power.size(); ++i) level[i] = 10.0 * std::log10(power[i] + floor);
    std::vector<float> smooth(level.size());
    const auto last = static_cast<std::int64_t>(level.size()) - 1;
    for (std::int64_t i = 0; i <= last; ++i) {
        double sum = 0, weights = 0;
        for (int offset = -3; offset <= 3; ++offset) {
            const double weight = std::exp(-0.5 * offset * offset);
            sum += weight * level[std::clamp<std::int64_t>(i + offset, 0, last)];
            weights += weight;
        }
        smooth[i] = static_cast<float>(sum / weights);
    }
    return smooth;
}

std::vector<std::uint8_t> silent_frames(const std::vector<float>& audio, double fps,
                                        std::int64_t num_frames) {
    const std::vector<double> power = frame_power(audio, fps, num_frames);
    const double loud = percentile(power, 0.95);
    const double threshold = loud < kNoSound ? kNoSound : loud * std::pow(10.0, -kSilentDb / 10.0);
    const auto last = static_cast<std::int64_t>(power.size()) - 1;
    std::vector<std::uint8_t> silent(power.size(), 1);
    for (std::int64_t i = 0; i <= last; ++i)
        for (std::int64_t j = std::max<std::int64_t>(i - 1, 0); j <= std::min(i + 1, last); ++j)
            if (power[j] > threshold) silent[i] = 0;
    return silent;
}

}  // namespace vultus::metrics
