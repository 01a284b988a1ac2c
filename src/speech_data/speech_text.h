// Sentences to be spoken by synthetic voices: varied in sounds, not in meaning.
#pragma once

#include <string>
#include <vector>

#include "base/rng.h"

namespace vultus::speech_data {

class SentenceSource {
  public:
    /// dictionary: more English words to draw from; may be empty.
    SentenceSource(std::uint64_t seed, std::vector<std::string> dictionary);

    /// ASCII letters, digits, apostrophes and punctuation, some 3 to 12 words.
    std::string english();
    /// UTF-8 in one of languages(); English for others.
    std::string in(const std::string& language);
    /// espeak-ng's names of the languages besides English.
    static const std::vector<std::string>& languages();

  private:
    std::string pick(const char* words);
    std::string command();
    std::string from_template();
    std::string number();
    std::string english_word();

    Rng rng_;
    std::vector<std::string> dictionary_;
};

}  // namespace vultus::speech_data
