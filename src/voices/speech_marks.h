// A text as voices take it: sentence by sentence, with its pauses and stresses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vultus::voices {

/// Either words or a pause.
struct Passage {
    std::string text;       ///< UTF-8, at most kMostPassageBytes; empty: a pause
    bool emphasis = false;  ///< to be stressed
    int pause_ms = 0;       ///< silence that takes the place of words, 0..10000
    bool operator==(const Passage&) const = default;
};

inline constexpr std::size_t kMostPassageBytes = 1000;
inline constexpr std::size_t kMostTextBytes = 4u << 20;

/// Sentences end at . ! ? … and their counterparts of other scripts, and at empty lines; long ones are cut at
/// commas or spaces. Marks: `[pause 500]` (ms); SSML's speak, p, s, break (time, strength) and emphasis; in a
/// text that begins with <speak>, other tags are left out and the five entities are read.
/// Errors: kInvalidArgument for what is not UTF-8, is longer than kMostTextBytes or holds nothing to say.
std::vector<Passage> passages_of(std::string_view text);

}  // namespace vultus::voices
