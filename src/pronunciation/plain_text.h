// A text's characters, brought to those that matter for how it is said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vultus::pronunciation {

/// Characters (code points) of the text as they came and as they count: punctuation of other scripts, full
/// width, kinds of blanks, dashes and apostrophes are ASCII's; what is not said is a blank; what only
/// concerns looks (soft hyphens, joiners, byte order marks) is kSkipped.
struct PlainText {
    static constexpr char32_t kSkipped = 0;

    std::vector<char32_t> given, plain;
    std::vector<char32_t> shown;  ///< as given; what captions leave out (tags, numbers of cues) is kSkipped
    /// Characters [first, second) that may be left out: stage directions, speakers' names.
    std::vector<std::pair<std::size_t, std::size_t>> optional;

    std::string utf8(std::size_t begin, std::size_t end) const;  ///< as it came
};

PlainText plain_text(std::string_view utf8);

/// Letters and digits of any script, and marks upon them.
bool is_word_character(char32_t character);
void append_utf8(char32_t character, std::string& text);

}  // namespace vultus::pronunciation
