// Words of a text in languages other than English, parted and counted by ICU.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pronunciation/number_readings.h"

namespace vultus::pronunciation {

/// Characters [begin, end) of the text, and as TextWord's slots what may be said. Words of a reading are as
/// they are written: a voice says them.
struct PlacedWord {
    std::size_t begin = 0, end = 0;
    std::vector<Readings> slots;
};

/// plain: as PlainText's. language: BCP 47. Words come apart as ICU parts them, Chinese, Japanese and Thai by
/// its dictionaries.
std::vector<PlacedWord> foreign_words(const std::vector<char32_t>& plain, const std::string& language);

/// Chinese characters in Latin letters, tones as digits; what is none stays.
std::string pinyin(const std::string& chinese);
bool holds_ideographs(const std::string& text);
std::string lower_case(const std::string& text);

}  // namespace vultus::pronunciation
