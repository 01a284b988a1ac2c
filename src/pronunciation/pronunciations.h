// How words are said: a pronouncing dictionary, numbers as words, and a text's words.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vultus::pronunciation {

/// A file that the caller names, else the usual one. Errors: kUnsupported when both are empty: the line says
/// what is missing and which Debian package has it.
std::filesystem::path given_or_usual(const std::filesystem::path& given, const std::filesystem::path& usual,
                                     std::string_view what);
/// The first of these that exists; empty when none does.
std::filesystem::path first_existing(std::initializer_list<const char*> places);

/// A file of CMUdict's kind: a word and its phones a line, alternatives as WORD(2); any case.
class Pronunciations {
  public:
    /// The places where Debian's pocketsphinx-en-us and other packages keep one; empty when there is none.
    static std::filesystem::path usual_place();
    /// Errors: kIo, kCorruptData (no word with phones in it).
    explicit Pronunciations(const std::filesystem::path& file);

    using Phones = std::vector<int>;  ///< indices as in audio/phones.h
    /// All ways to say a lower-case word; empty when it is not there.
    std::vector<Phones> of(const std::string& word) const;
    /// All words without digits and of 2 to 12 letters, sorted.
    std::vector<std::string> plain_words() const;

  private:
    std::unordered_map<std::string, std::vector<Phones>> words_;
};

/// Lower-case words of an English text: digits are spelled ("21" is twenty one, "1984" nineteen eighty four),
/// hyphens and dashes part words, other punctuation goes. Bytes beyond ASCII stay in their words.
std::vector<std::string> words_of(const std::string& text);

/// 0..999,999,999 in words; longer digits one by one.
std::vector<std::string> spell_number(const std::string& digits);

}  // namespace vultus::pronunciation
