#include "speech_data/speech_voices.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <sstream>

#include "audio/phones.h"
#include "audio/resampler.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/process.h"
#include "base/scratch_folder.h"
#include "pronunciation/espeak.h"
#include "speech_data/wav_file.h"
#include "voices/spoken_phones.h"

namespace vultus::speech_data {
namespace {

using voices::NamedTime;
using voices::spans_of;

constexpr int kRateHz = corpus::kSpeechRateHz;
constexpr int kFestivalBatch = 40;

bool warn_missing(const char* what, const char* packages) {
    fmt::print(stderr, "vultus: no {} here, its voices are left out (Debian: apt-get install {})\n", what,
               packages);
    return false;
}

/// utt.save.segs: a "#", then "end 100 name" a line.
std::vector<NamedTime> read_segments(const std::filesystem::path& file) {
    std::vector<NamedTime> times;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        std::istringstream parts(line);
        NamedTime time;
        int colour = 0;
        if (parts >> time.end_s >> colour >> time.name) times.push_back(time);
    }
    return times;
}

/// A synthesizer's text is a quoted string in a script: nothing may end it.
std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text)
        if (c != '"' && c != '\\') result += c;
    return result + "\"";
}

struct FestivalVoice {
    const char* name;
    int pitch_hz;  ///< mean of its pitch model; 0: it has its own
};

std::string festival_script(const FestivalVoice& voice, const std::vector<std::string>& texts,
                            const std::filesystem::path& folder, Rng& rng) {
    std::string script = fmt::format("(voice_{})\n", voice.name);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        script += fmt::format("(Parameter.set 'Duration_Stretch {:.2f})\n", rng.uniform(0.8, 1.3));
        if (voice.pitch_hz > 0)
            script += fmt::format(
                "(set! int_lr_params '((target_f0_mean {:.0f}) (target_f0_std {:.0f}) (model_f0_mean 170) "
                "(model_f0_std 34)))\n",
                voice.pitch_hz * rng.uniform(0.85, 1.3), rng.uniform(8, 24));
        script += fmt::format(
            "(set! utt (utt.synth (eval (list 'Utterance 'Text {}))))\n"
            "(utt.save.segs utt {})\n(utt.save.wave utt {} 'riff)\n",
            quoted(texts[i]), quoted((folder / fmt::format("{}.lab", i)).string()),
            quoted((folder / fmt::format("{}.wav", i)).string()));
    }
    return script;
}

/// One process for some sentences; false when the voice is not installed.
bool festival_batch(const FestivalVoice& voice, SentenceSource& text, Rng& rng, const TakeSpeech& take,
                    bool& more) {
    const ScratchFolder scratch("festival");
    std::vector<std::string> texts;
    for (int i = 0; i < kFestivalBatch; ++i) texts.push_back(text.english());
    write_file(scratch / "say.scm", festival_script(voice, texts, scratch.path(), rng));
    run_program({"festival", "-b", (scratch / "say.scm").string()});
    bool any = false;
    for (std::size_t i = 0; i < texts.size() && more; ++i) {
        const std::filesystem::path wav = scratch / fmt::format("{}.wav", i);
        if (!std::filesystem::exists(wav)) continue;
        any = true;
        const WavFile sound = read_wav(wav);
        LabelledSpeech speech{"festival/" + std::string(voice.name), "en", texts[i], sound.audio, {}};
        speech.phones = spans_of(read_segments(scratch / fmt::format("{}.lab", i)), sound.rate_hz);
        more = take(finish_speech(std::move(speech), sound.rate_hz, rng));
    }
    return any;
}

}  // namespace

LabelledSpeech finish_speech(LabelledSpeech speech, int rate_hz, Rng& rng) {
    audio::Resampler resampler(rate_hz, kRateHz);
    std::vector<float> audio;
    resampler.push(speech.audio.data(), static_cast<std::int64_t>(speech.audio.size()), audio);
    resampler.finish(audio);
    std::vector<corpus::PhoneSpan> spans{{0, 0, audio::kSilence}};
    for (const corpus::PhoneSpan& span : speech.phones) {
        const std::int64_t begin =
            std::max(std::llround(static_cast<double>(span.begin_sample) * kRateHz / rate_hz), 0LL);
        if (begin >= static_cast<std::int64_t>(audio.size())) break;
        while (!spans.empty() && spans.back().begin_sample >= begin) spans.pop_back();
        const bool pause_goes_on =
            !spans.empty() && span.phone == audio::kSilence && spans.back().phone == audio::kSilence;
        if (!pause_goes_on) spans.push_back({begin, 0, span.phone});
    }
    speech.audio.clear();
    speech.phones.clear();
    const bool heard = std::any_of(spans.begin(), spans.end(), [](const corpus::PhoneSpan& span) {
        return span.phone > audio::kSilence;
    });
    if (!heard) return speech;
    const auto length = static_cast<std::int64_t>(audio.size());
    const std::int64_t front_has =
        spans[0].phone == audio::kSilence && spans.size() > 1 ? spans[1].begin_sample : 0;
    const std::int64_t back_has =
        spans.back().phone == audio::kSilence ? length - spans.back().begin_sample : 0;
    const auto wanted = [&](std::int64_t has) {
        return std::max<std::int64_t>(0, std::llround(rng.uniform(0.1, 0.6) * kRateHz) - has);
    };
    const std::int64_t front = wanted(front_has), back = wanted(back_has);
    for (corpus::PhoneSpan& span : spans) span.begin_sample += front;
    if (front_has > 0) spans[0].begin_sample = 0;
    if (front > 0 && front_has == 0) spans.insert(spans.begin(), {0, 0, audio::kSilence});
    if (back > 0 && back_has == 0) spans.push_back({front + length, 0, audio::kSilence});
    speech.audio.assign(static_cast<std::size_t>(front), 0.0f);
    speech.audio.insert(speech.audio.end(), audio.begin(), audio.end());
    speech.audio.insert(speech.audio.end(), static_cast<std::size_t>(back), 0.0f);
    for (std::size_t i = 0; i < spans.size(); ++i)
        spans[i].end_sample =
            i + 1 < spans.size() ? spans[i + 1].begin_sample : static_cast<std::int64_t>(speech.audio.size());
    speech.phones = std::move(spans);
    return speech;
}

bool speak_with_flite(SentenceSource& text, Rng& rng, const TakeSpeech& take) {
    if (!find_program("flite")) return warn_missing("flite", "flite");
    const ScratchFolder scratch("flite");
    const std::string wav = (scratch / "say.wav").string();
    constexpr std::array<const char*, 4> kVoices = {"kal16", "awb", "rms", "slt"};
    for (std::size_t turn = 0;; ++turn) {
        throw_if_cancelled();
        const std::string voice = kVoices[turn % kVoices.size()];
        const std::string sentence = text.english();
        std::vector<std::string> call{
            "flite",  "-voice", voice,
            "-psdur", "--setf", fmt::format("duration_stretch={:.2f}", rng.uniform(0.8, 1.3))};
        if (voice == "kal16")
            call.insert(call.end(),
                        {"--setf", fmt::format("int_f0_target_mean={:.0f}", rng.uniform(80, 150))});
        call.insert(call.end(), {"-t", sentence, "-o", wav});
        const ProgramResult said = run_program(call);
        if (said.exit_code != 0)
            fail(ErrorCode::kIo, "[speech_data] flite -voice {}: ended with code {}", voice, said.exit_code);
        const WavFile sound = read_wav(wav);
        LabelledSpeech speech{"flite/" + voice, "en", sentence, sound.audio, {}};
        speech.phones = spans_of(voices::parse_psdur(said.output), sound.rate_hz);
        if (!take(finish_speech(std::move(speech), sound.rate_hz, rng))) return true;
    }
}

bool speak_with_festival(SentenceSource& text, Rng& rng, const TakeSpeech& take) {
    constexpr const char* kPackages = "festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts";
    if (!find_program("festival")) return warn_missing("festival", kPackages);
    std::vector<FestivalVoice> voices = {
        {"kal_diphone", 105}, {"ked_diphone", 115}, {"cmu_us_slt_arctic_hts", 0}};
    bool more = true;
    while (more && !voices.empty())
        for (std::size_t i = 0; i < voices.size() && more;) {
            if (festival_batch(voices[i], text, rng, take, more))
                ++i;
            else
                voices.erase(voices.begin() + static_cast<std::ptrdiff_t>(i));
        }
    return voices.empty() ? warn_missing("voice of festival", kPackages) : true;
}

bool speak_with_espeak(const std::vector<std::string>& languages, SentenceSource& text, Rng& rng,
                       const TakeSpeech& take) {
    const std::unique_ptr<pronunciation::Espeak> espeak = pronunciation::Espeak::load();
    if (!espeak) return warn_missing("espeak-ng", "libespeak-ng1 espeak-ng-data");
    constexpr std::array<const char*, 8> kEnglish = {
        "en-us",     "en",     "en-gb-scotland", "en-gb-x-rp",
        "en-us-nyc", "en-029", "en-gb-x-gbclan", "en-gb-x-gbcwmd"};
    constexpr std::array<const char*, 13> kVariants = {"m1", "m2", "m3", "m4", "m5", "m6", "m7",
                                                       "m8", "f1", "f2", "f3", "f4", "f5"};
    for (std::size_t turn = 0;; ++turn) {
        throw_if_cancelled();
        const std::string& language = languages[turn % languages.size()];
        const std::string base = language == "en" ? kEnglish[rng.below(kEnglish.size())] : language;
        const std::string voice = base + "+" + kVariants[rng.below(kVariants.size())];
        if (!espeak->set_voice(voice)) fail(ErrorCode::kIo, "[speech_data] espeak-ng: no voice {}", voice);
        espeak->set_manner(static_cast<int>(rng.uniform(130, 210)), static_cast<int>(rng.uniform(20, 75)),
                           static_cast<int>(rng.uniform(20, 80)));
        const std::string sentence = language == "en" ? text.english() : text.in(language);
        const pronunciation::Espeak::Speech said = espeak->speak(sentence);
        LabelledSpeech speech{"espeak/" + voice, language.substr(0, language.find('-')), sentence, {}, {}};
        for (const std::int16_t sample : said.audio)
            speech.audio.push_back(static_cast<float>(sample) / 32768.0f);
        speech.phones = spans_of(said, language, espeak->sample_rate_hz());
        if (!take(finish_speech(std::move(speech), espeak->sample_rate_hz(), rng))) return true;
    }
}

}  // namespace vultus::speech_data
