// Do the labels of a speech corpus lie where the sound is?
#pragma once

#include <string>
#include <vector>

#include "corpus/speech_corpus.h"

namespace vultus::speech_data {

struct VoiceCheck {
    std::string voice;  ///< without the variant after '+'
    int num_clips = 0;
    double seconds = 0, validation_seconds = 0;
    double unknown_share = 0;                               ///< of the sound without a phone
    double silence_db = 0, vowel_db = 0, consonant_db = 0;  ///< mean level of the frames, full scale 0
    /// How much of the variance of log-mel the phones explain, 0..1, and by how much later (+) or earlier the
    /// labels would have to lie to explain most: 0 for labels in their places.
    double explained = 0, best_shift_ms = 0;
};

/// One for each voice, sorted by name; at most `max_clips` clips of each are listened to. Polls cancellation.
std::vector<VoiceCheck> check_voices(const corpus::SpeechCorpus& corpus, int max_clips = 80);

/// A table of them, one line each, and a line of sums.
std::string format_voices(const std::vector<VoiceCheck>& voices);

}  // namespace vultus::speech_data
