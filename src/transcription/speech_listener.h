// Sound to phones, words and their times: the one way for the program and the library.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "alignment/phone_times.h"
#include "alignment/word_times.h"
#include "hearing/phone_recognizer.h"
#include "transcription/given_times.h"

namespace vultus::transcription {

struct ListenerOptions {
    std::filesystem::path encoder;         ///< of speech; empty: the bundled one
    bool words = false;                    ///< find out which words are said where no text tells
    std::filesystem::path dictionary;      ///< as WordRecognizer
    std::filesystem::path language_model;  ///< as WordRecognizer
};

/// What is said, as somebody wrote it down.
struct Script {
    std::string text;      ///< empty: nobody knows
    std::string language;  ///< BCP 47; empty: guessed from the text
    bool exact = false;    ///< refuse where text and sound part; else the text is a hint
};

/// Threads  any number of callers.
class SpeechListener {
  public:
    /// Sound beyond this is refused: four hours.
    static constexpr std::size_t kMaxSamples = std::size_t{16000} * 3600 * 4;

    /// Errors: those of PhoneRecognizer and, for words, WordRecognizer.
    explicit SpeechListener(const ListenerOptions& options);

    /// audio: 16 kHz mono, -1..1, at most kMaxSamples. on_part: as PhoneRecognizer's. Errors:
    /// kInvalidArgument for too much sound; those of Pronouncer, spoken_words, align_phones and
    /// decode_phones. Polls cancellation.
    alignment::PhoneTimes hear(std::span<const float> audio, const Script& script,
                               const std::function<void(double)>& on_part = {}) const;

    /// The given words' phones, as they are heard within the given times; given phones as they are. Errors:
    /// as times_of_given.
    alignment::PhoneTimes hear_given(std::span<const float> audio, const GivenTimes& given,
                                     const std::string& language) const;

    const hearing::PhoneRecognizer& recognizer() const { return phones_; }

  private:
    std::filesystem::path dictionary_;
    std::optional<alignment::WordRecognizer> words_;
    hearing::PhoneRecognizer phones_;
};

/// The same without sound. language: as Script's; dictionary: as Pronouncer. Errors: those of Pronouncer;
/// kInvalidArgument when nothing of it can be said.
alignment::PhoneTimes times_of_given(const GivenTimes& given, const std::string& language,
                                     const std::filesystem::path& dictionary = {});

}  // namespace vultus::transcription
