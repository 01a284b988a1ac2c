// What is written as one word and said in several ways: numbers, addresses, abbreviations, symbols.
#pragma once

#include <string_view>
#include <vector>

#include "pronunciation/text_words.h"

namespace vultus::pronunciation {

/// The slots (TextWord) of numbers, amounts, times, dates, addresses, abbreviations and the like; of a plain
/// word that of word_form(). Empty when it is several words: the caller parts it. dot: a full stop follows.
std::vector<Readings> written_form(std::u32string_view written, bool dot);

/// Of letters, digits and apostrophes.
std::vector<Readings> word_form(std::u32string_view word, bool dot);

/// What depends on the words around: "May 5", "Henry VIII", "$5 million".
void look_around(std::vector<TextWord>& words);

}  // namespace vultus::pronunciation
