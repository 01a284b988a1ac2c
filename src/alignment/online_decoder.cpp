#include "alignment/online_decoder.h"

#include <algorithm>
#include <limits>

#include "alignment/frame_scores.h"
#include "audio/phones.h"

namespace vultus::alignment {

OnlineDecoder::OnlineDecoder(const DecodeOptions& options)
    : options_(options), count_(static_cast<std::size_t>(std::max(options.min_frames, 1))) {}

int OnlineDecoder::next(const std::vector<float>& log_posteriors) {
    checked_frames(log_posteriors, 1);
    float heard[audio::kNumPhones];
    lookalike_scores(log_posteriors, 0, options_.lookalike_weight, heard);
    constexpr float kNever = -std::numeric_limits<float>::infinity();
    const std::size_t last = count_ - 1;
    std::vector<float> next(audio::kNumPhones * count_, kNever);
    float entered = 0;  // the first frame begins any phone
    if (!scores_.empty()) {
        entered = kNever;
        for (std::size_t end = last; end < scores_.size(); end += count_)
            entered = std::max(entered, scores_[end]);
        entered -= static_cast<float>(options_.change_penalty);
    }
    for (std::size_t phone = 0; phone < audio::kNumPhones; ++phone) {
        const std::size_t first = phone * count_;
        for (std::size_t step = 0; step < count_; ++step) {
            float came = step == 0 ? entered : scores_.empty() ? kNever : scores_[first + step - 1];
            if (step == last && !scores_.empty()) came = std::max(came, scores_[first + last]);
            next[first + step] = came + heard[phone];
        }
    }
    // Sums of hours would lose their digits.
    const auto best = std::max_element(next.begin(), next.end());
    const auto state = static_cast<std::size_t>(best - next.begin());
    const float top = *best;
    for (float& score : next) score -= top;
    scores_ = std::move(next);
    return static_cast<int>(state / count_);
}

void OnlineDecoder::restart() { scores_.clear(); }

}  // namespace vultus::alignment
