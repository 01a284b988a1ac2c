#include "pipeline/viseme_score.h"

#include <algorithm>

namespace vultus::pipeline {
namespace {

constexpr std::int64_t kHopSamples = corpus::kSpeechRateHz / 100;

/// The phone at a sample; spans in order, `at` walks along.
int phone_at(const std::vector<corpus::PhoneSpan>& spans, std::int64_t sample, std::size_t& at,
             int otherwise) {
    while (at < spans.size() && spans[at].end_sample <= sample) ++at;
    return at < spans.size() && spans[at].begin_sample <= sample ? spans[at].phone : otherwise;
}

double share(std::int64_t part, std::int64_t whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

}  // namespace

void VisemeScore::add(const std::vector<corpus::PhoneSpan>& labels,
                      const std::vector<corpus::PhoneSpan>& found) {
    if (labels.empty()) return;
    std::size_t label_at = 0, found_at = 0;
    for (std::int64_t sample = kHopSamples / 2; sample < labels.back().end_sample; sample += kHopSamples) {
        const int label = phone_at(labels, sample, label_at, audio::kUnknownPhone);
        if (label < 0) continue;
        const int heard = std::max(phone_at(found, sample, found_at, audio::kSilence), audio::kSilence);
        ++frames_;
        if (heard == label) ++same_phone_;
        ++confusions_[static_cast<std::size_t>(audio::viseme_of(label))]
                     [static_cast<std::size_t>(audio::viseme_of(heard))];
    }
}

double VisemeScore::viseme_accuracy() const {
    std::int64_t right = 0;
    for (std::size_t i = 0; i < confusions_.size(); ++i) right += confusions_[i][i];
    return share(right, frames_);
}

double VisemeScore::phone_accuracy() const { return share(same_phone_, frames_); }

double VisemeScore::speech_viseme_accuracy() const {
    std::int64_t right = 0, all = 0;
    for (std::size_t i = 1; i < confusions_.size(); ++i) {
        right += confusions_[i][i];
        for (const std::int64_t count : confusions_[i]) all += count;
    }
    return share(right, all);
}

}  // namespace vultus::pipeline
