// Words with times as captions.
#pragma once

#include <string>
#include <vector>

#include "alignment/phone_times.h"

namespace vultus::transcription {

struct Caption {
    double start_s = 0, end_s = 0;
    std::vector<std::string> lines;  ///< one or two
};

/// As subtitling guides ask: at most two lines of 42 characters and seven seconds, new at a pause and, where
/// the text has punctuation, at a sentence's end; shown for a second or more where the next one leaves time.
/// Errors: kInvalidArgument when there are no words.
std::vector<Caption> captions(const alignment::PhoneTimes& times);

std::string srt(const alignment::PhoneTimes& times);  ///< SubRip
std::string vtt(const alignment::PhoneTimes& times);  ///< WebVTT
std::string ass(const alignment::PhoneTimes& times);  ///< Advanced SubStation Alpha

}  // namespace vultus::transcription
