// Ways to say a word: by a dictionary, else as espeak-ng says it.
#pragma once

#include <memory>
#include <optional>

#include "pronunciation/espeak.h"
#include "pronunciation/pronunciations.h"

namespace vultus::pronunciation {

class Pronouncer {
  public:
    /// dictionary: empty for the usual place. Errors: kUnsupported when there is none (the line names the
    /// Debian package); as Pronunciations.
    explicit Pronouncer(const std::filesystem::path& dictionary = {});

    /// Empty when nothing here knows the word.
    std::vector<Pronunciations::Phones> ways_to_say(const std::string& word);

  private:
    Pronunciations dictionary_;
    std::unique_ptr<Espeak> espeak_;
    bool asked_espeak_ = false;
};

}  // namespace vultus::pronunciation
