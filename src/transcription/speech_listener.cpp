#include "transcription/speech_listener.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>

#include "alignment/given_words.h"
#include "audio/phones.h"
#include "base/cancel.h"
#include "base/error.h"
#include "person/bundled.h"
#include "pronunciation/text_words.h"

namespace vultus::transcription {
namespace {

constexpr double kSpeechRateHz = 16000;

std::optional<alignment::WordRecognizer> word_recognizer(const ListenerOptions& options) {
    std::optional<alignment::WordRecognizer> recognizer;
    if (options.words) recognizer.emplace(options.dictionary, options.language_model);
    return recognizer;
}

/// espeak-ng has one state for the whole process.
std::mutex& one_at_a_time() {
    static std::mutex mutex;
    return mutex;
}

std::vector<alignment::SpokenWord> words_of(const Script& script, const std::string& language,
                                            const std::filesystem::path& dictionary) {
    const std::scoped_lock lock(one_at_a_time());
    pronunciation::Pronouncer pronouncer(dictionary, language);
    return alignment::spoken_words(script.text, pronouncer, script.exact);
}

/// Labels without words ("[music]", "...") are pauses.
std::vector<alignment::GivenSpan> spans_of(const GivenTimes& given, const std::string& language,
                                           const std::filesystem::path& dictionary) {
    const std::scoped_lock lock(one_at_a_time());
    pronunciation::Pronouncer pronouncer(dictionary, language);
    std::vector<alignment::GivenSpan> spans;
    for (const GivenLabel& label : given.words) {
        if (pronunciation::text_words(label.text, language).empty()) continue;
        try {
            spans.push_back(
                {label.start_s, label.end_s, alignment::spoken_words(label.text, pronouncer, false)});
        } catch (const Error& error) {
            if (error.code() != ErrorCode::kInvalidArgument || given.words.size() == 1) throw;
        }
        throw_if_cancelled();
    }
    if (spans.empty())
        fail(ErrorCode::kInvalidArgument,
             "[transcription] given words: expected some that can be said, got none");
    return spans;
}

std::string language_of(const GivenTimes& given, const std::string& language) {
    if (!language.empty()) return language;
    std::string text;
    for (const GivenLabel& label : given.words) text += label.text + " ";
    return pronunciation::guess_language(text);
}

/// Pauses where there is nothing.
alignment::PhoneTimes phones_of(const GivenTimes& given, double duration_s) {
    alignment::PhoneTimes times;
    times.duration_s = std::max(duration_s, given.duration_s);
    double at_s = 0;
    const auto pause_until = [&](double end_s) {
        if (end_s > at_s) times.phones.push_back({at_s, end_s, audio::kSilence});
    };
    for (const alignment::PhoneSegment& phone : given.phones) {
        pause_until(phone.start_s);
        times.phones.push_back(phone);
        at_s = phone.end_s;
    }
    pause_until(times.duration_s);
    for (const GivenLabel& label : given.words) {
        times.words.push_back({label.start_s, label.end_s, label.text});
        times.words.back().shown = label.text;
    }
    return times;
}

/// Within what there is of sound.
GivenTimes within(GivenTimes given, double duration_s) {
    std::erase_if(given.words, [&](const GivenLabel& label) { return label.start_s >= duration_s; });
    for (GivenLabel& label : given.words) label.end_s = std::min(label.end_s, duration_s);
    std::erase_if(given.phones,
                  [&](const alignment::PhoneSegment& phone) { return phone.start_s >= duration_s; });
    for (alignment::PhoneSegment& phone : given.phones) phone.end_s = std::min(phone.end_s, duration_s);
    given.duration_s = duration_s;
    return given;
}

/// How much of text and sound do not meet, in seconds; a word that is not said counts a third of one.
double mismatch_s(const alignment::PhoneTimes& times) {
    double seconds = static_cast<double>(times.unsaid.size()) / 3;
    for (const alignment::TextGap& gap : times.gaps) seconds += gap.end_s - gap.start_s;
    return seconds;
}

/// In the first language in which the text meets the sound best. Errors: those of the first language.
alignment::PhoneTimes best_aligned(const std::vector<float>& posteriors, std::int64_t num_samples,
                                   const Script& script, const std::vector<std::string>& languages,
                                   const std::filesystem::path& dictionary) {
    std::optional<alignment::PhoneTimes> best;
    std::exception_ptr refused;
    for (const std::string& language : languages) {
        try {
            alignment::PhoneTimes times = alignment::align_phones(
                posteriors, num_samples, words_of(script, language, dictionary), {.exact = script.exact});
            times.language = language;
            if (!best || mismatch_s(times) < mismatch_s(*best)) best = std::move(times);
            if (mismatch_s(*best) == 0) break;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::kCancelled) throw;
            if (!refused) refused = std::current_exception();
        }
    }
    if (!best) std::rethrow_exception(refused);
    return *std::move(best);
}

}  // namespace

SpeechListener::SpeechListener(const ListenerOptions& options)
    : dictionary_(options.dictionary),
      words_(word_recognizer(options)),
      phones_(options.encoder.empty() ? person::find_bundled(person::kSmallSpeechEncoder) : options.encoder) {
}

alignment::PhoneTimes SpeechListener::hear(std::span<const float> audio, const Script& script,
                                           const std::function<void(double)>& on_part) const {
    if (audio.size() > kMaxSamples)
        fail(ErrorCode::kInvalidArgument, "[phones] expected at most {} samples (four hours), got {}",
             kMaxSamples, audio.size());
    const auto num_samples = static_cast<std::int64_t>(audio.size());
    if (script.text.empty()) {
        const std::vector<float> posteriors = phones_.log_posteriors(audio, on_part);
        return words_ ? (*words_)(posteriors, num_samples, phones_.phone_share())
                      : alignment::decode_phones(posteriors, num_samples);
    }
    const std::vector<std::string> languages = script.language.empty()
                                                   ? pronunciation::likely_languages(script.text)
                                                   : std::vector<std::string>{script.language};
    const std::vector<float> posteriors = phones_.log_posteriors(audio, on_part);
    return best_aligned(posteriors, num_samples, script, languages, dictionary_);
}

alignment::PhoneTimes SpeechListener::hear_given(std::span<const float> audio, const GivenTimes& all,
                                                 const std::string& language) const {
    if (audio.empty() || audio.size() > kMaxSamples)
        fail(ErrorCode::kInvalidArgument, "[phones] expected 1 to {} samples (four hours), got {}",
             kMaxSamples, audio.size());
    const double duration_s = static_cast<double>(audio.size()) / kSpeechRateHz;
    const GivenTimes given = within(all, duration_s);
    if (!given.phones.empty()) return phones_of(given, duration_s);
    const std::string spoken = language_of(given, language);
    alignment::PhoneTimes times =
        alignment::place_phones(spans_of(given, spoken, dictionary_), duration_s,
                                phones_.log_posteriors(audio), static_cast<std::int64_t>(audio.size()));
    times.language = spoken;
    return times;
}

alignment::PhoneTimes times_of_given(const GivenTimes& given, const std::string& language,
                                     const std::filesystem::path& dictionary) {
    if (!given.phones.empty()) return phones_of(given, given.duration_s);
    const std::string spoken = language_of(given, language);
    alignment::PhoneTimes times =
        alignment::place_phones(spans_of(given, spoken, dictionary), given.duration_s, {}, 0);
    times.language = spoken;
    return times;
}

}  // namespace vultus::transcription
