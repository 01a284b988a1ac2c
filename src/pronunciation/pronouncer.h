// Ways to say a word: by a dictionary, else as espeak-ng says it.
#pragma once

#include <memory>
#include <optional>

#include "pronunciation/espeak.h"
#include "pronunciation/kana_reader.h"
#include "pronunciation/language.h"
#include "pronunciation/pronunciations.h"

namespace vultus::pronunciation {

class Pronouncer {
  public:
    /// dictionary: empty for the usual one of English, none in other languages. language: BCP 47. Errors:
    /// kUnsupported when nothing says the language's words (the line names the Debian package);
    /// kInvalidArgument as language_named; as Pronunciations.
    explicit Pronouncer(const std::filesystem::path& dictionary = {}, const std::string& language = "en");

    const Language& language() const { return language_; }
    /// Empty when nothing here knows the word.
    std::vector<Pronunciations::Phones> ways_to_say(const std::string& word);

  private:
    void need_espeak();
    std::vector<std::string> spoken_forms(const std::string& word);

    Language language_;
    std::optional<Pronunciations> dictionary_;
    std::unique_ptr<Espeak> espeak_;
    std::unique_ptr<KanaReader> kana_;
    bool asked_espeak_ = false;
};

}  // namespace vultus::pronunciation
