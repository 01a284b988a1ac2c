#include "pipeline/pronouncer.h"

#include "base/error.h"

namespace vultus::pipeline {
namespace {

std::filesystem::path place_of(std::filesystem::path dictionary) {
    if (dictionary.empty()) dictionary = Pronunciations::usual_place();
    if (dictionary.empty())
        fail(ErrorCode::kUnsupported,
             "[pipeline] no pronouncing dictionary: name one of CMUdict's kind (Debian: apt-get install "
             "pocketsphinx-en-us)");
    return dictionary;
}

}  // namespace

Pronouncer::Pronouncer(std::filesystem::path dictionary) : dictionary_(place_of(std::move(dictionary))) {}

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

}  // namespace vultus::pipeline
