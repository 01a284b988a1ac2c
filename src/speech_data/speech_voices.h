// Synthetic voices that say when each phone begins.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "corpus/speech_corpus.h"
#include "speech_data/speech_text.h"

namespace vultus::speech_data {

struct LabelledSpeech {
    std::string voice, language, text;
    std::vector<float> audio;               ///< 16 kHz
    std::vector<corpus::PhoneSpan> phones;  ///< cover the sound
};

/// Takes speech and answers whether more is wanted.
using TakeSpeech = std::function<bool(LabelledSpeech)>;

/// Each speaks until `take` says no. False, after a warning with the Debian packages to install, when the
/// system lacks the program. Errors: kCancelled; kIo when the program fails.
bool speak_with_flite(SentenceSource& text, Rng& rng, const TakeSpeech& take);
bool speak_with_festival(SentenceSource& text, Rng& rng, const TakeSpeech& take);
/// languages: "en" and those of SentenceSource.
bool speak_with_espeak(const std::vector<std::string>& languages, SentenceSource& text, Rng& rng,
                       const TakeSpeech& take);

/// Resamples, scales the phones to 16 kHz, joins pauses, ends the last phone with the sound, and lengthens
/// the silence at either end to a length drawn from 0.1..0.6 s. phones: begin samples at `rate_hz`, ends are
/// ignored; the sound before the first is silence. Empty audio when there is nothing to hear.
LabelledSpeech finish_speech(LabelledSpeech speech, int rate_hz, Rng& rng);

}  // namespace vultus::speech_data
