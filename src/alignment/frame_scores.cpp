#include "alignment/frame_scores.h"

#include <algorithm>
#include <cmath>

#include "audio/phones.h"
#include "base/error.h"
#include "corpus/speech_corpus.h"

namespace vultus::alignment {
namespace {

constexpr int kFrameSamples = corpus::kSpeechRateHz / kPosteriorRateHz;
constexpr float kHighest = 0.01f;  ///< rounding of a logarithm of 1

}  // namespace

std::size_t checked_frames(const std::vector<float>& log_posteriors, std::int64_t num_samples) {
    const auto frames = static_cast<std::size_t>((num_samples + kFrameSamples - 1) / kFrameSamples);
    if (num_samples <= 0 || log_posteriors.size() != frames * audio::kNumPhones)
        fail(ErrorCode::kInvalidArgument,
             "[alignment] posteriors: expected {} x {} for {} samples, got {} values", frames,
             audio::kNumPhones, num_samples, log_posteriors.size());
    for (const float value : log_posteriors)
        if (!(value <= kHighest))
            fail(ErrorCode::kInvalidArgument, "[alignment] posteriors: expected logarithms of 0..1, got {}",
                 value);
    return frames;
}

void lookalike_scores(const std::vector<float>& log_posteriors, std::size_t frame, double weight,
                      float* row) {
    double alike[audio::kNumVisemes] = {};
    for (int phone = 0; phone < audio::kNumPhones; ++phone)
        alike[audio::viseme_of(phone)] += std::exp(score_of(log_posteriors, frame, phone));
    for (int phone = 0; phone < audio::kNumPhones; ++phone)
        row[phone] = static_cast<float>((1 - weight) * score_of(log_posteriors, frame, phone) +
                                        weight * std::log(alike[audio::viseme_of(phone)]));
}

double part_begin_s(std::size_t part) {
    const std::int64_t begin = static_cast<std::int64_t>(part) * kFrameSamples / kParts - kFrameSamples / 2;
    return static_cast<double>(std::max<std::int64_t>(begin, 0)) / corpus::kSpeechRateHz;
}

double frame_begin_s(std::size_t frame, std::int64_t num_samples) {
    const bool end = static_cast<std::int64_t>(frame) * kFrameSamples >= num_samples;
    return end ? static_cast<double>(num_samples) / corpus::kSpeechRateHz : part_begin_s(frame * kParts);
}

}  // namespace vultus::alignment
