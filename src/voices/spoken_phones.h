// Phones with times, as synthesizers tell them.
#pragma once

#include <string>
#include <vector>

#include "corpus/speech_corpus.h"
#include "pronunciation/espeak.h"

namespace vultus::voices {

/// Begin samples only; the last span ends with the sound.
using Spans = std::vector<corpus::PhoneSpan>;

struct NamedTime {
    std::string name;  ///< of a phone of radio phonetics, as flite and festival say
    double end_s = 0;
};

/// What `flite -psdur` prints: "pau:0.200 s:0.322 ...".
std::vector<NamedTime> parse_psdur(const std::string& text);
Spans spans_of(const std::vector<NamedTime>& times, int rate_hz);
/// language: "en", "de" ...
Spans spans_of(const pronunciation::Espeak::Speech& speech, const std::string& language, int rate_hz);

}  // namespace vultus::voices
