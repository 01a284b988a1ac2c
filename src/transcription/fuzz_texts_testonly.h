// What tests and fuzzers share: hostile texts and hostile files of times.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "pronunciation/language.h"
#include "pronunciation/text_file.h"
#include "pronunciation/text_words.h"
#include "transcription/given_times.h"

namespace vultus::transcription {

/// Reads the bytes as a text; the first of them says in which language. Returns what is wrong with the words,
/// "" when nothing is.
inline std::string try_text(std::string_view bytes) {
    static constexpr const char* kLanguages[] = {"en", "de", "fr", "zh", "ja", "th", "ar", "hi"};
    if (bytes.empty()) return "";
    const char* language = kLanguages[static_cast<unsigned char>(bytes[0]) % 8];
    std::string text;
    try {
        text = pronunciation::decode_text(std::string(bytes.substr(1)), "text");
    } catch (const Error&) {
        return "";
    }
    pronunciation::guess_language(text);
    const auto words = pronunciation::text_words(text, language);
    std::size_t at = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto& word = words[i];
        if (word.begin_char < at || word.end_char <= word.begin_char) return "words out of order";
        if (word.end_char > text.size()) return "a word after the text's end";
        if (word.written.empty() || word.slots.empty()) return "a word of nothing";
        for (const auto& slot : word.slots)
            if (slot.empty()) return "a slot without readings: " + word.written;
        if (word.optional_until != 0 && (word.optional_until <= i || word.optional_until > words.size()))
            return "words left out that are not there";
        at = word.end_char;
    }
    return "";
}

/// Reads the bytes as a file of times. Returns what is wrong with them, "" when nothing is.
inline std::string try_given_times(std::string_view bytes) {
    GivenTimes times;
    try {
        times = read_given_times(bytes, "file");
    } catch (const Error&) {
        return "";
    }
    double at_s = 0;
    for (const GivenLabel& word : times.words) {
        if (!(word.start_s >= at_s && word.end_s > word.start_s)) return "words out of order";
        at_s = word.end_s;
    }
    if (!(times.duration_s >= at_s)) return "a word after the end";
    at_s = 0;
    for (const alignment::PhoneSegment& phone : times.phones) {
        if (!(phone.start_s >= at_s - 1e-9 && phone.end_s >= phone.start_s)) return "phones out of order";
        if (phone.phone < 0 || phone.phone >= 40) return "a phone that is none";
        at_s = phone.end_s;
    }
    return times.duration_s >= at_s ? "" : "a phone after the end";
}

}  // namespace vultus::transcription
