#include "pronunciation/pronouncer.h"

namespace vultus::pronunciation {

Pronouncer::Pronouncer(const std::filesystem::path& dictionary)
    : dictionary_(given_or_usual(dictionary, Pronunciations::usual_place(),
                                 "pronouncing dictionary of CMUdict's kind")) {}

std::vector<Pronunciations::Phones> Pronouncer::ways_to_say(const std::string& word) {
    std::vector<Pronunciations::Phones> ways = dictionary_.of(word);
    if (!ways.empty()) return ways;
    if (!asked_espeak_) {
        asked_espeak_ = true;
        espeak_ = Espeak::load();
        if (espeak_ && !espeak_->set_voice("en-us")) espeak_.reset();
    }
    if (!espeak_) return {};
    Pronunciations::Phones phones = espeak_->pronounce(word);
    if (phones.empty()) return {};
    return {std::move(phones)};
}

}  // namespace vultus::pronunciation
