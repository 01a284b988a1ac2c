// Sound to phones, words and their times: the one way for the program and the library.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "alignment/phone_times.h"
#include "alignment/word_times.h"
#include "hearing/phone_recognizer.h"

namespace vultus::transcription {

struct ListenerOptions {
    std::filesystem::path encoder;         ///< of speech; empty: the bundled one
    bool words = false;                    ///< find out which words are said where no text tells
    std::filesystem::path dictionary;      ///< as WordRecognizer
    std::filesystem::path language_model;  ///< as WordRecognizer
};

/// Threads  any number of callers.
class SpeechListener {
  public:
    /// Sound beyond this is refused: four hours.
    static constexpr std::size_t kMaxSamples = std::size_t{16000} * 3600 * 4;

    /// Errors: those of PhoneRecognizer and, for words, WordRecognizer.
    explicit SpeechListener(const ListenerOptions& options);

    /// audio: 16 kHz mono, -1..1, at most kMaxSamples. text: what is said, to find its words; empty: nobody
    /// knows. Errors: kInvalidArgument for too much sound; those of spoken_words, align_phones and
    /// decode_phones. Polls cancellation.
    alignment::PhoneTimes hear(std::span<const float> audio, const std::string& text) const;

  private:
    std::filesystem::path dictionary_;
    std::optional<alignment::WordRecognizer> words_;
    hearing::PhoneRecognizer phones_;
};

}  // namespace vultus::transcription
