// Times of words, phones and visemes in the JSON of many programs.
#pragma once

#include "transcription/given_times.h"

namespace vultus::transcription {

/// As they stand in the file: in any order, unchecked.
struct GivenLabels {
    std::vector<GivenLabel> words, phones, visemes;
    double duration_s = 0;
};

/// Errors: kCorruptData for what is no JSON, or entries whose times are missing.
GivenLabels json_labels(std::string_view file, const std::string& name);

}  // namespace vultus::transcription
