#include "pronunciation/pronunciations.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "audio/phones.h"
#include "base/error.h"
#include "pronunciation/number_readings.h"

namespace vultus::pronunciation {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

bool is_part(unsigned char c) { return std::isalnum(c) || c == '\'' || c >= 0x80; }

/// Parts "mp3" and quotes at a word's ends.
void add_word(std::string word, std::vector<std::string>& words) {
    while (!word.empty() && word.front() == '\'') word.erase(0, 1);
    while (!word.empty() && word.back() == '\'') word.pop_back();
    for (std::size_t at = 0; at < word.size();) {
        const bool digits = std::isdigit(static_cast<unsigned char>(word[at])) != 0;
        std::size_t end = at;
        while (end < word.size() && (std::isdigit(static_cast<unsigned char>(word[end])) != 0) == digits)
            ++end;
        const std::string part = word.substr(at, end - at);
        if (digits)
            for (const std::string& spelled : spell_number(part)) words.push_back(spelled);
        else
            words.push_back(lower(part));
        at = end;
    }
}

/// A typographic apostrophe is an apostrophe, dashes are blanks, commas within digits vanish.
std::string plain(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.compare(i, 3, "\xE2\x80\x99") == 0) {
            result += '\'';
            i += 2;
        } else if (text.compare(i, 2, "\xE2\x80") == 0 && i + 2 < text.size()) {
            result += ' ';
            i += 2;
        } else if (text[i] == ',' && i > 0 && i + 3 < text.size() && std::isdigit(text[i - 1]) &&
                   std::isdigit(text[i + 1]) && std::isdigit(text[i + 2]) && std::isdigit(text[i + 3])) {
            continue;
        } else {
            result += text[i];
        }
    }
    return result;
}

}  // namespace

std::filesystem::path given_or_usual(const std::filesystem::path& given, const std::filesystem::path& usual,
                                     std::string_view what) {
    const std::filesystem::path& place = given.empty() ? usual : given;
    if (place.empty())
        fail(ErrorCode::kUnsupported,
             "[pronunciation] no {}: name one (Debian: apt-get install pocketsphinx-en-us)", what);
    return place;
}

std::filesystem::path first_existing(std::initializer_list<const char*> places) {
    for (const char* place : places)
        if (std::filesystem::exists(place)) return place;
    return {};
}

std::filesystem::path Pronunciations::usual_place() {
    return first_existing({"/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict",
                           "/usr/local/share/pocketsphinx/model/en-us/cmudict-en-us.dict",
                           "/usr/share/dict/cmudict.dict"});
}

Pronunciations::Pronunciations(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) fail(ErrorCode::kIo, "[pronunciation] {}: cannot open the dictionary", file.string());
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(";;;")) continue;
        std::istringstream parts(line);
        std::string word, name;
        parts >> word;
        Phones phones;
        bool known = true;
        while (known && parts >> name && name[0] != '#') {
            phones.push_back(audio::phone_from_cmudict(name));
            known = phones.back() >= 0;
        }
        if (!known || phones.empty()) continue;
        const std::size_t bracket = word.find('(', 1);
        words_[lower(word.substr(0, bracket))].push_back(std::move(phones));
    }
    if (words_.empty())
        fail(ErrorCode::kCorruptData, "[pronunciation] {}: expected words and their phones, got none",
             file.string());
}

std::vector<Pronunciations::Phones> Pronunciations::of(const std::string& word) const {
    const auto found = words_.find(word);
    return found == words_.end() ? std::vector<Phones>() : found->second;
}

std::vector<std::string> Pronunciations::plain_words() const {
    std::vector<std::string> words;
    for (const auto& [word, unused] : words_)
        if (word.size() >= 2 && word.size() <= 12 &&
            std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isalpha(c); }))
            words.push_back(word);
    std::sort(words.begin(), words.end());
    return words;
}

std::vector<std::string> spell_number(const std::string& digits) {
    if (digits.size() > 9 || (digits.size() > 1 && digits[0] == '0')) return one_by_one(digits, "zero");
    const int number = std::stoi(digits);
    // Years, the most frequent numbers of four digits.
    if (number >= 1100 && number < 2000 && number % 100 != 0) {
        Reading words = two_digits(number / 100);
        if (number % 100 < 10) words.push_back("oh");
        for (const std::string& word : two_digits(number % 100)) words.push_back(word);
        return words;
    }
    return cardinal(number, /*with_and=*/false);
}

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : plain(text) + " ") {
        if (is_part(static_cast<unsigned char>(c))) {
            word += c;
        } else {
            add_word(word, words);
            word.clear();
        }
    }
    return words;
}

}  // namespace vultus::pronunciation
