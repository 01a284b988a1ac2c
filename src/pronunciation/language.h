// Which language a text is in, and who says its words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vultus::pronunciation {

struct Language {
    std::string tag;                  ///< BCP 47: "en-US", "de", "zh-HK"
    std::string code;                 ///< its first part: "en", "de", "zh"
    std::string name;                 ///< in English: "German"
    std::vector<std::string> voices;  ///< espeak-ng's names for it, the best one first

    bool is_english() const { return code == "en"; }
};

/// tag: BCP 47 in any case, "de", "pt-BR", "zh_TW". Errors: kInvalidArgument for what is no such tag.
Language language_named(const std::string& tag);

/// By the text's script, letters that few languages have, and frequent words; "en" where nothing tells.
std::string guess_language(std::string_view utf8);
/// That guess and, where the text hardly tells, the next likely ones: at most six. Who has the sound can
/// decide.
std::vector<std::string> likely_languages(std::string_view utf8);

}  // namespace vultus::pronunciation
