// A text as a hint: what is missing or too much in it costs those words alone.
#pragma once

#include <vector>

#include "alignment/phone_times.h"
#include "alignment/word_graph.h"

namespace vultus::alignment {

/// Phones and words as align_phones finds them where the text is said; elsewhere phones as they are heard,
/// and gaps and unsaid words tell what is missing and what is too much. Errors: kInvalidArgument when hardly
/// anything of the text is said. Polls cancellation.
PhoneTimes align_hint(const std::vector<float>& log_posteriors, std::int64_t num_samples,
                      const std::vector<SpokenWord>& words, const HintCosts& costs);

/// What the text says of the words that were found.
void add_places(const std::vector<SpokenWord>& words, PhoneTimes& times);

}  // namespace vultus::alignment
