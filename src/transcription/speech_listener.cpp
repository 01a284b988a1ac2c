#include "transcription/speech_listener.h"

#include <mutex>

#include "base/error.h"
#include "person/bundled.h"

namespace vultus::transcription {
namespace {

std::optional<alignment::WordRecognizer> word_recognizer(const ListenerOptions& options) {
    std::optional<alignment::WordRecognizer> recognizer;
    if (options.words) recognizer.emplace(options.dictionary, options.language_model);
    return recognizer;
}

/// One caller at a time: espeak-ng has one state for the whole process.
std::vector<alignment::SpokenWord> words_of(const std::string& text,
                                            const std::filesystem::path& dictionary) {
    static std::mutex mutex;
    const std::scoped_lock lock(mutex);
    pronunciation::Pronouncer pronouncer(dictionary);
    return alignment::spoken_words(text, pronouncer);
}

}  // namespace

SpeechListener::SpeechListener(const ListenerOptions& options)
    : dictionary_(options.dictionary),
      words_(word_recognizer(options)),
      phones_(options.encoder.empty() ? person::find_bundled(person::kSmallSpeechEncoder) : options.encoder) {
}

alignment::PhoneTimes SpeechListener::hear(std::span<const float> audio, const std::string& text) const {
    if (audio.size() > kMaxSamples)
        fail(ErrorCode::kInvalidArgument, "[phones] expected at most {} samples (four hours), got {}",
             kMaxSamples, audio.size());
    std::vector<alignment::SpokenWord> words;
    if (!text.empty()) words = words_of(text, dictionary_);
    const std::vector<float> posteriors = phones_.log_posteriors(audio);
    const auto num_samples = static_cast<std::int64_t>(audio.size());
    if (!text.empty()) return alignment::align_phones(posteriors, num_samples, words);
    return words_ ? (*words_)(posteriors, num_samples, phones_.phone_share())
                  : alignment::decode_phones(posteriors, num_samples);
}

}  // namespace vultus::transcription
