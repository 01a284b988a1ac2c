// Words whose times somebody knows, to phones.
#pragma once

#include <vector>

#include "alignment/phone_times.h"

namespace vultus::alignment {

/// Words that are said from start_s to end_s, one after the other.
struct GivenSpan {
    double start_s = 0, end_s = 0;
    std::vector<SpokenWord> words;
};

/// Phones within the given times: where sound says so (log_posteriors as decode_phones', or empty), else in
/// equal parts, vowels twice as long as consonants. Spans are in order and do not overlap. Between them the
/// sound decides; without sound there is silence. Words have no indices of a text. Errors: kInvalidArgument
/// for spans that are not in order; as decode_phones. Polls cancellation.
PhoneTimes place_phones(const std::vector<GivenSpan>& spans, double duration_s,
                        const std::vector<float>& log_posteriors, std::int64_t num_samples);

}  // namespace vultus::alignment
