// Files that tell when words, phones or visemes are said, of other programs and of voices.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alignment/phone_times.h"

namespace vultus::transcription {

/// A word, a phone, a viseme or a caption.
struct GivenLabel {
    double start_s = 0, end_s = 0;
    std::string text;
};

/// In order, without overlaps. Without words and phones there is nothing.
struct GivenTimes {
    std::vector<GivenLabel> words;                ///< or captions of several words
    std::vector<alignment::PhoneSegment> phones;  ///< parts between them are pauses
    double duration_s = 0;                        ///< as far as the file tells
};

/// JSON of most kinds (words, tokens, segments, phones, phonemes or visemes with times; Azure's viseme
/// events, Polly's marks, Piper's and Kokoro's alignments), Praat's TextGrid, captions (SRT, WebVTT), and
/// lines of start, end and label in seconds. Phones are ARPABET, TIMIT's or IPA; visemes those of OVR or
/// numbers of Azure. name: for messages. Errors: kCorruptData for what is none of these, holds no times or
/// impossible ones (negative, beyond a day).
GivenTimes read_given_times(std::string_view file, const std::string& name);

/// The phones of a label of any kind; empty for what is none. "aɪ", "AY1", "hh_B".
std::vector<int> phones_of_label(const std::string& label);
/// The phone whose mouth is that of a viseme: "PP", "viseme_aa", Azure's "21", Polly's "@"; -1 for others.
int phone_of_viseme(const std::string& viseme);

}  // namespace vultus::transcription
