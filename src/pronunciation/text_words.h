// A text as people write it, to words with all ways in which they may be said.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pronunciation/number_readings.h"

namespace vultus::pronunciation {

/// A word as it is written: "Hello", "1st", "$5.50", "C++".
struct TextWord {
    std::string written;
    std::size_t begin_char = 0, end_char = 0;  ///< its place in the text, in characters (code points)
    /// With the punctuation and the blank around it: captions are these, one after the other.
    std::string shown;
    /// Of each, one after the other, one reading is said.
    std::vector<Readings> slots;
    /// Stage directions and speakers' names, "[cheerfully]", "(laughs)", "ANNA:", may be left out: number of
    /// the word after the last one of them; 0: none begins here.
    std::size_t optional_until = 0;
};

/// language: BCP 47. Symbols have their names and may be left out where people do; marks of emphasis, emoji,
/// tags (<break/>), numbers and times of SRT and WebVTT are no words. Bytes that are no UTF-8 part words.
/// Words of readings are in lower case in English, in other languages as they are written.
std::vector<TextWord> text_words(std::string_view text, const std::string& language = "en");

}  // namespace vultus::pronunciation
