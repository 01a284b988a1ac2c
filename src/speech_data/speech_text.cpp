#include "speech_data/speech_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "speech_data/speech_words.h"

namespace vultus::speech_data {
namespace {

std::vector<std::string> split(const char* words) {
    std::vector<std::string> result;
    std::istringstream in(words);
    for (std::string word; in >> word;) result.push_back(word);
    return result;
}

std::string with_capital(std::string text) {
    if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text;
}

}  // namespace

SentenceSource::SentenceSource(std::uint64_t seed, std::vector<std::string> dictionary)
    : rng_(seed), dictionary_(std::move(dictionary)) {}

std::string SentenceSource::pick(const char* words) {
    const std::vector<std::string> all = split(words);
    return all[rng_.below(all.size())];
}

std::string SentenceSource::english_word() {
    if (dictionary_.empty() || rng_.uniform() < 0.25) {
        const char* lists[] = {words::kNouns, words::kVerbs, words::kAdjectives, words::kSmall,
                               words::kSounds};
        return pick(lists[rng_.below(std::size(lists))]);
    }
    return dictionary_[rng_.below(dictionary_.size())];
}

/// One of the commands of the GRID corpus's grammar.
std::string SentenceSource::command() {
    return fmt::format("{} {} {} {} {} {}", pick("bin lay place set"), pick("blue green red white"),
                       pick("at by in with"), pick("A B C D E F G H I J K L M N O P Q R S T U V X Y Z"),
                       pick("zero one two three four five six seven eight nine"),
                       pick("again now please soon"));
}

std::string SentenceSource::number() {
    switch (rng_.below(4)) {
        case 0:
            return fmt::format("{}", rng_.below(100));
        case 1:
            return fmt::format("{}", 1000 + rng_.below(1100));
        case 2:
            return fmt::format("{} point {}", rng_.below(30), rng_.below(10));
        default:
            return fmt::format("{} thousand {}", 2 + rng_.below(98), rng_.below(1000));
    }
}

/// Fills a pattern: N noun, V verb, A adjective, S small word, # number, others as they are.
std::string SentenceSource::from_template() {
    std::string result;
    for (const std::string& part : split(words::kTemplates[rng_.below(std::size(words::kTemplates))])) {
        std::string word = part;
        const std::string tail = part.size() > 1 && std::ispunct(static_cast<unsigned char>(part.back()))
                                     ? part.substr(part.size() - 1)
                                     : "";
        const std::string key = part.substr(0, part.size() - tail.size());
        if (key == "N") word = pick(words::kNouns) + tail;
        if (key == "V") word = pick(words::kVerbs) + tail;
        if (key == "A") word = pick(words::kAdjectives) + tail;
        if (key == "W") word = english_word() + tail;
        if (key == "#") word = number() + tail;
        result += (result.empty() ? "" : " ") + word;
    }
    return result;
}

std::string SentenceSource::english() {
    const double kind = rng_.uniform();
    if (kind < 0.12) return with_capital(command()) + ".";
    if (kind < 0.62) return with_capital(from_template()) + (rng_.uniform() < 0.15 ? "?" : ".");
    std::string text;
    const std::uint64_t count = 3 + rng_.below(6);
    for (std::uint64_t i = 0; i < count; ++i) {
        if (i > 0) text += i == 3 && rng_.uniform() < 0.5 ? ", " : " ";
        text += english_word();
    }
    return with_capital(text) + ".";
}

const std::vector<std::string>& SentenceSource::languages() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const words::Language& language : words::kLanguages) all.push_back(language.voice);
        return all;
    }();
    return names;
}

std::string SentenceSource::in(const std::string& language) {
    for (const words::Language& entry : words::kLanguages) {
        if (language != entry.voice) continue;
        std::string text;
        const std::uint64_t count = 4 + rng_.below(8);
        for (std::uint64_t i = 0; i < count; ++i) {
            if (i > 0) text += i % 5 == 4 && rng_.uniform() < 0.5 ? ", " : " ";
            text += rng_.uniform() < 0.06 ? fmt::format("{}", rng_.below(1000)) : pick(entry.words);
        }
        return text + ".";
    }
    return english();
}

}  // namespace vultus::speech_data
