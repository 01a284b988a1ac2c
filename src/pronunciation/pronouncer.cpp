#include "pronunciation/pronouncer.h"

#include <algorithm>

#include "base/error.h"
#include "pronunciation/foreign_words.h"

namespace vultus::pronunciation {

Pronouncer::Pronouncer(const std::filesystem::path& dictionary, const std::string& language)
    : language_(language_named(language)) {
    if (language_.is_english() || !dictionary.empty())
        dictionary_.emplace(given_or_usual(dictionary, Pronunciations::usual_place(),
                                           "pronouncing dictionary of CMUdict's kind"));
    if (language_.is_english()) return;
    need_espeak();
    if (!espeak_)
        fail(ErrorCode::kUnsupported,
             "[pronunciation] {}: expected espeak-ng and a voice of its that speaks it (Debian: "
             "libespeak-ng1, "
             "espeak-ng-data; `espeak-ng --voices` lists them), found none",
             language_.name);
    if (language_.code == "ja") kana_ = KanaReader::load();
}

void Pronouncer::need_espeak() {
    if (asked_espeak_) return;
    asked_espeak_ = true;
    espeak_ = Espeak::load();
    if (espeak_ && std::none_of(language_.voices.begin(), language_.voices.end(),
                                [&](const std::string& voice) { return espeak_->set_voice(voice); }))
        espeak_.reset();
}

std::vector<std::string> Pronouncer::spoken_forms(const std::string& word) {
    if (language_.code == "zh" && language_.voices[0] != "yue") return {pinyin(word)};
    if (language_.code != "ja") return {word};
    // Particles sound otherwise than they are written; MeCab may take a single one for a word.
    static const std::pair<const char*, const char*> kParticles[] = {
        {"\u306F", "\u308F"}, {"\u3078", "\u3048"}, {"\u3092", "\u304A"}};
    for (const auto& [written, said] : kParticles)
        if (word == written) return {said, word};
    if (kana_) return {kana_->read(word)};
    // espeak-ng would say "Chinese letter".
    return holds_ideographs(word) ? std::vector<std::string>() : std::vector<std::string>{word};
}

std::vector<Pronunciations::Phones> Pronouncer::ways_to_say(const std::string& word) {
    std::vector<Pronunciations::Phones> ways;
    if (dictionary_) ways = dictionary_->of(language_.is_english() ? word : lower_case(word));
    // The dictionary is American.
    const bool enough = language_.voices[0] == "en-us" || !language_.is_english();
    if (!ways.empty() && enough) return ways;
    need_espeak();
    if (!espeak_) return ways;
    for (const std::string& form : spoken_forms(word))
        if (Pronunciations::Phones phones = espeak_->pronounce(form);
            !phones.empty() && std::find(ways.begin(), ways.end(), phones) == ways.end())
            ways.push_back(std::move(phones));
    return ways;
}

}  // namespace vultus::pronunciation
