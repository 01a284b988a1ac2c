// Listeners of the C API: which phones and words are said when.
#include <cmath>
#include <map>
#include <mutex>
#include <vector>

#include "api/guard.h"
#include "api/handles.h"
#include "api/listeners.h"
#include "audio/phones.h"
#include "audio/resampler.h"
#include "base/cancel.h"
#include "base/output_file.h"
#include "pronunciation/text_file.h"
#include "transcription/phone_formats.h"
#include "transcription/speech_listener.h"

using namespace vultus;
using namespace vultus::api;
using alignment::PhoneTimes;
using transcription::SpeechListener;

namespace {

constexpr int kHeardHz = 16000;
constexpr std::size_t kMaxGivenBytes = std::size_t{64} << 20;

/// Everything that callers may point at; only the files are made later.
struct HeardTimes {
    explicit HeardTimes(PhoneTimes times_) : times(std::move(times_)) {
        for (const auto& phone : times.phones)
            phones.push_back({phone.start_s, phone.end_s, phone.phone, audio::viseme_of(phone.phone)});
        for (const auto& word : times.words)
            words.push_back({word.start_s, word.end_s, word.fit, word.word.c_str()});
        for (const auto& gap : times.gaps) gaps.push_back({gap.start_s, gap.end_s, gap.sure});
        for (const auto& word : times.unsaid)
            unsaid.push_back({word.at_s, word.sure, word.begin_char, word.end_char, word.word.c_str()});
        for (const transcription::MouthCue& cue : transcription::mouth_cues(times, "GHX"))
            shapes.push_back({cue.start_cs / 100.0, cue.end_cs / 100.0, cue.shape});
    }
    const PhoneTimes times;
    std::vector<vultus_phone> phones;
    std::vector<vultus_word> words;
    std::vector<vultus_gap> gaps;
    std::vector<vultus_unsaid> unsaid;
    std::vector<vultus_mouth_shape> shapes;
    std::mutex files_mutex;
    std::map<std::string, std::string> files;  ///< by format
};

using Times = Handles<vultus_times, HeardTimes>;

std::string or_empty(const char* text) { return text ? text : ""; }

std::vector<float> checked_sound(const float* samples, size_t num_samples, int rate_hz) {
    if (!samples || num_samples == 0)
        fail(ErrorCode::kInvalidArgument, "[api] samples: expected sound, got {}",
             samples ? "0 samples" : "null");
    audio::Resampler resampler(rate_hz, kHeardHz);  // says whether the rate is one
    if (num_samples / static_cast<size_t>(rate_hz) > SpeechListener::kMaxSamples / kHeardHz)
        fail(ErrorCode::kInvalidArgument, "[api] samples: expected at most four hours, got {} at {} Hz",
             num_samples, rate_hz);
    for (size_t i = 0; i < num_samples; ++i)
        if (!std::isfinite(samples[i]))
            fail(ErrorCode::kInvalidArgument, "[api] sample {}: expected a number, got {}", i, samples[i]);
    if (rate_hz == kHeardHz) return {samples, samples + num_samples};
    std::vector<float> sound;
    resampler.push(samples, static_cast<std::int64_t>(num_samples), sound);
    resampler.finish(sound);
    return sound;
}

/// Hands out one of the lists.
template <typename T>
vultus_status give(vultus_times* times, std::vector<T> HeardTimes::*list, const T** values, size_t* count) {
    return with_handle<Times>(times, "times", [&](HeardTimes& heard) {
        if (!values || !count)
            fail(ErrorCode::kInvalidArgument, "[api] times: expected where to put them, got null");
        *values = (heard.*list).data();
        *count = (heard.*list).size();
        return VULTUS_OK;
    });
}

/// Names as C wants them.
const char* name_in(const std::vector<std::string>& names, std::int32_t number) {
    return number >= 0 && static_cast<size_t>(number) < names.size()
               ? names[static_cast<size_t>(number)].c_str()
               : nullptr;
}

template <typename F>
std::vector<std::string> names_of(int count, F name) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.emplace_back(name(i));
    return names;
}

}  // namespace

void vultus_listener_options_init(vultus_listener_options* options) {
    if (options) *options = blank<vultus_listener_options>();
}

void vultus_hear_options_init(vultus_hear_options* options) {
    if (!options) return;
    *options = blank<vultus_hear_options>();
    options->sample_rate_hz = kHeardHz;
}

vultus_status vultus_listener_open(const vultus_listener_options* options, vultus_listener** listener) {
    return guarded([&] {
        if (!listener)
            fail(ErrorCode::kInvalidArgument, "[api] listener: expected where to put it, got null");
        const auto chosen =
            options_or_defaults(options, vultus_listener_options_init, "vultus_listener_options");
        if (chosen.words != 0 && chosen.words != 1)
            fail(ErrorCode::kInvalidArgument, "[api] listener: expected words 0 or 1, got {}", chosen.words);
        *listener = Listeners::all().add(std::make_shared<SpeechListener>(
            transcription::ListenerOptions{.encoder = or_empty(chosen.encoder),
                                           .words = chosen.words == 1,
                                           .dictionary = or_empty(chosen.dictionary),
                                           .language_model = or_empty(chosen.language_model)}));
        return VULTUS_OK;
    });
}

vultus_status vultus_listener_close(vultus_listener* listener) {
    return close_handle<Listeners>(listener, "listener");
}

vultus_status vultus_listener_hear(vultus_listener* listener, const float* samples, size_t num_samples,
                                   const vultus_hear_options* options, vultus_times** times) {
    return with_handle<Listeners>(listener, "listener", [&](const SpeechListener& open) {
        if (!times) fail(ErrorCode::kInvalidArgument, "[api] times: expected where to put them, got null");
        const auto chosen = options_or_defaults(options, vultus_hear_options_init, "vultus_hear_options");
        if (chosen.text && !*chosen.text)
            fail(ErrorCode::kInvalidArgument, "[api] text: expected words or null, got an empty text");
        if (chosen.exact != 0 && chosen.exact != 1)
            fail(ErrorCode::kInvalidArgument, "[api] hear: expected exact 0 or 1, got {}", chosen.exact);
        const CancelScope cancel([&] { return chosen.cancel && chosen.cancel(chosen.user) != 0; });
        const std::vector<float> sound = checked_sound(samples, num_samples, chosen.sample_rate_hz);
        const transcription::Script script{
            .text = or_empty(chosen.text), .language = or_empty(chosen.language), .exact = chosen.exact == 1};
        *times = Times::all().add(std::make_shared<HeardTimes>(open.hear(sound, script)));
        return VULTUS_OK;
    });
}

vultus_status vultus_listener_hear_given(vultus_listener* listener, const char* path, const float* samples,
                                         size_t num_samples, const vultus_hear_options* options,
                                         vultus_times** times) {
    return guarded([&] {
        if (!path || !times)
            fail(ErrorCode::kInvalidArgument,
                 "[api] given times: expected a path and where to put them, got null");
        const auto chosen = options_or_defaults(options, vultus_hear_options_init, "vultus_hear_options");
        const CancelScope cancel([&] { return chosen.cancel && chosen.cancel(chosen.user) != 0; });
        const std::string file = pronunciation::decode_text(read_file(path, kMaxGivenBytes), path),
                          language = or_empty(chosen.language);
        const transcription::GivenTimes given = transcription::read_given_times(file, path);
        if (!samples && num_samples == 0) {
            *times = Times::all().add(
                std::make_shared<HeardTimes>(transcription::times_of_given(given, language)));
            return VULTUS_OK;
        }
        return with_handle<Listeners>(listener, "listener", [&](const SpeechListener& open) {
            const std::vector<float> sound = checked_sound(samples, num_samples, chosen.sample_rate_hz);
            *times = Times::all().add(std::make_shared<HeardTimes>(open.hear_given(sound, given, language)));
            return VULTUS_OK;
        });
    });
}

vultus_status vultus_times_close(vultus_times* times) { return close_handle<Times>(times, "times"); }

vultus_status vultus_times_phones(vultus_times* times, const vultus_phone** phones, size_t* num_phones) {
    return give(times, &HeardTimes::phones, phones, num_phones);
}

vultus_status vultus_times_words(vultus_times* times, const vultus_word** words, size_t* num_words) {
    return give(times, &HeardTimes::words, words, num_words);
}

vultus_status vultus_times_gaps(vultus_times* times, const vultus_gap** gaps, size_t* num_gaps) {
    return give(times, &HeardTimes::gaps, gaps, num_gaps);
}

vultus_status vultus_times_unsaid(vultus_times* times, const vultus_unsaid** words, size_t* num_words) {
    return give(times, &HeardTimes::unsaid, words, num_words);
}

vultus_status vultus_times_language(vultus_times* times, const char** tag) {
    return with_handle<Times>(times, "times", [&](const HeardTimes& heard) {
        if (!tag) fail(ErrorCode::kInvalidArgument, "[api] language: expected where to put it, got null");
        *tag = heard.times.language.c_str();
        return VULTUS_OK;
    });
}

vultus_status vultus_times_mouth_shapes(vultus_times* times, const vultus_mouth_shape** shapes,
                                        size_t* num_shapes) {
    return give(times, &HeardTimes::shapes, shapes, num_shapes);
}

vultus_status vultus_times_file(vultus_times* times, const char* format, const char** text) {
    return with_handle<Times>(times, "times", [&](HeardTimes& heard) {
        if (!text) fail(ErrorCode::kInvalidArgument, "[api] text: expected where to put it, got null");
        const transcription::PhoneFormat wanted = transcription::phone_format_named(or_empty(format));
        const std::lock_guard lock(heard.files_mutex);
        const auto [file, is_new] = heard.files.try_emplace(format);
        if (is_new) file->second = transcription::format_phones(heard.times, wanted);
        *text = file->second.c_str();
        return VULTUS_OK;
    });
}

const char* vultus_phone_name(int32_t phone) {
    static const auto names = names_of(audio::kNumPhones, audio::phone_name);
    return name_in(names, phone);
}

const char* vultus_viseme_name(int32_t viseme) {
    static const auto names = names_of(audio::kNumVisemes, audio::viseme_name);
    return name_in(names, viseme);
}
