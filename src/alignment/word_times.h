// Words with times from sound alone, by a pronouncing dictionary and a language model.
#pragma once

#include <filesystem>
#include <vector>

#include "alignment/phone_times.h"
#include "alignment/word_search.h"

namespace vultus::alignment {

struct WordOptions {
    /// 0..1: how much less what the encoder guesses without hearing counts: posteriors are divided by the
    /// phones' shares in training to this power (Bourlard & Morgan 1994).
    double prior_weight = 0.7;
    double lookalike_weight = 0.5;  ///< as DecodeOptions
    WordSearchOptions search;
};

/// Threads  any number of callers.
class WordRecognizer {
  public:
    /// Files of CMUdict's and of CMU Sphinx's kind; empty for those of Debian's pocketsphinx-en-us (American
    /// English). Errors: kUnsupported when there are none (the line names the package); as Pronunciations,
    /// NgramModel and PronunciationTree.
    explicit WordRecognizer(const std::filesystem::path& dictionary = {},
                            const std::filesystem::path& language_model = {});

    /// The likeliest words and their phones. log_posteriors: as decode_phones; phone_share: [40] of the
    /// encoder's training frames (SpeechModel), or empty. Errors: as decode_phones.
    PhoneTimes operator()(const std::vector<float>& log_posteriors, std::int64_t num_samples,
                          const std::vector<float>& phone_share, const WordOptions& options = {}) const;

  private:
    /// The dictionary is read first, so that a wrong one is named where there is no model either.
    WordRecognizer(const pronunciation::Pronunciations& dictionary,
                   const std::filesystem::path& language_model);

    pronunciation::NgramModel model_;
    pronunciation::PronunciationTree tree_;
};

}  // namespace vultus::alignment
