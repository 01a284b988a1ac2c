// flite, a program, and espeak-ng, a library: both tell when each phone is said.
#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <sstream>

#include "audio/phones.h"
#include "base/error.h"
#include "base/process.h"
#include "base/scratch_folder.h"
#include "voices/voice_kinds.h"

namespace vultus::voices {
namespace {

constexpr std::int64_t kKeptSilence = kVoiceRateHz / 50;

/// Scratch folders of one process must not meet.
std::string scratch_name(const char* what) {
    static std::atomic<int> count{0};
    return what + std::string("-") + std::to_string(++count);
}

class FliteVoice : public Voice {
  public:
    FliteVoice(std::string name, const VoiceOptions& options) : name_(std::move(name)), options_(options) {}

    Spans speak(const Passage& passage, const TakeSound& take) override {
        const ScratchFolder scratch(scratch_name("flite"));
        const std::string wav = (scratch / "say.wav").string();
        FilterLimits limits;
        limits.seconds = options_.limit_s;
        const FilterResult said =
            run_filter({"flite", "-voice", name_, "-psdur", "-t", passage.text, "-o", wav}, "", limits);
        if (said.exit_code != 0)
            fail(ErrorCode::kIo, "[voices] flite/{}: ended with {}: {}", name_, said.exit_code, said.errors);
        const std::vector<float> sound = read_sound(wav, "flite/" + name_);
        Spans spans = spans_of(parse_psdur(said.output), kVoiceRateHz);
        const std::int64_t skipped = skip_silence(spans, static_cast<std::int64_t>(sound.size()));
        take({sound.begin() + skipped, sound.end()});
        return at_voice_rate(std::move(spans), kVoiceRateHz,
                             static_cast<std::int64_t>(sound.size()) - skipped);
    }

  private:
    /// It begins each text with a fifth of a second of silence, for which somebody would wait. Returns how
    /// much of the sound is left out, and moves the phones.
    static std::int64_t skip_silence(Spans& spans, std::int64_t num_samples) {
        if (spans.size() < 2 || spans[0].phone != audio::kSilence) return 0;
        const std::int64_t skipped =
            std::clamp<std::int64_t>(spans[1].begin_sample - kKeptSilence, 0, num_samples);
        for (corpus::PhoneSpan& span : spans)
            span.begin_sample = std::max<std::int64_t>(0, span.begin_sample - skipped);
        return skipped;
    }

    std::string name_;
    VoiceOptions options_;
};

/// The library keeps one state in a process: it is there for one passage at a time.
std::mutex& espeak_mutex() {
    static std::mutex mutex;
    return mutex;
}

std::unique_ptr<pronunciation::Espeak> load_espeak() {
    auto espeak = pronunciation::Espeak::load();
    if (!espeak)
        fail(ErrorCode::kUnsupported,
             "[voices] espeak-ng: not installed (Debian: apt-get install espeak-ng), or in use");
    return espeak;
}

std::string ssml_text(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '<')
            result += "&lt;";
        else if (c == '&')
            result += "&amp;";
        else
            result += c;
    }
    return result;
}

class EspeakVoice : public Voice {
  public:
    explicit EspeakVoice(std::string name) : name_(std::move(name)) {
        const std::lock_guard lock(espeak_mutex());
        if (!load_espeak()->set_voice(name_))
            fail(ErrorCode::kUnsupported, "[voices] espeak-ng has no voice '{}'", name_);
    }

    Spans speak(const Passage& passage, const TakeSound& take) override {
        pronunciation::Espeak::Speech said;
        int rate_hz = 0;
        {
            const std::lock_guard lock(espeak_mutex());
            const auto espeak = load_espeak();
            espeak->set_voice(name_);
            rate_hz = espeak->sample_rate_hz();
            said = passage.emphasis ? espeak->speak("<speak><emphasis level=\"strong\">" +
                                                        ssml_text(passage.text) + "</emphasis></speak>",
                                                    pronunciation::Espeak::Markup::kSsml)
                                    : espeak->speak(passage.text);
        }
        std::vector<float> sound;
        for (const std::int16_t sample : said.audio) sound.push_back(static_cast<float>(sample) / 32768.0f);
        if (sound.empty()) return {};
        hand_on(sound, rate_hz, take);
        return at_voice_rate(spans_of(said, name_.substr(0, name_.find_first_of("-+")), rate_hz), rate_hz,
                             static_cast<std::int64_t>(sound.size()));
    }

  private:
    std::string name_;
};

std::vector<VoiceInfo> list_flite_voices() {
    if (!find_program("flite")) return {};
    // "Voices available: kal awb_time kal16 awb rms slt"; awb_time knows the time of day only.
    std::istringstream words(run_program({"flite", "-lv"}).output);
    std::vector<VoiceInfo> voices;
    for (std::string word; words >> word;) {
        if (word.back() == ':' || word == "Voices" || word == "awb_time") continue;
        VoiceInfo voice{"flite/" + word, "en", "flite, English", true};
        voices.insert(word == "rms" ? voices.begin() : voices.end(), std::move(voice));  // the clearest one
    }
    return voices;
}

}  // namespace

std::unique_ptr<Voice> open_flite(const std::string& name, const VoiceOptions& options) {
    const std::vector<VoiceInfo> all = flite_voices();
    for (const VoiceInfo& voice : all)
        if (voice.name == "flite/" + name) return std::make_unique<FliteVoice>(name, options);
    if (all.empty())
        fail(ErrorCode::kUnsupported, "[voices] flite: not installed (Debian: apt-get install flite)");
    fail(ErrorCode::kUnsupported, "[voices] flite has no voice '{}' (vultus voices lists them)", name);
}

std::unique_ptr<Voice> open_espeak(const std::string& name, const VoiceOptions&) {
    return std::make_unique<EspeakVoice>(name);
}

std::vector<VoiceInfo> flite_voices() {
    // Asked once: what is installed later is known to the next process.
    static const std::vector<VoiceInfo> all = list_flite_voices();
    return all;
}
std::vector<VoiceInfo> espeak_voices() {
    const std::lock_guard lock(espeak_mutex());
    const auto espeak = pronunciation::Espeak::load();
    if (!espeak) return {};
    constexpr std::array<std::pair<const char*, const char*>, 16> kLanguages = {
        {{"en-us", "English (America)"},
         {"en-gb", "English (Britain)"},
         {"de", "German"},
         {"fr", "French"},
         {"es", "Spanish"},
         {"it", "Italian"},
         {"pt", "Portuguese"},
         {"nl", "Dutch"},
         {"pl", "Polish"},
         {"ru", "Russian"},
         {"tr", "Turkish"},
         {"sv", "Swedish"},
         {"cmn", "Chinese (Mandarin)"},
         {"ja", "Japanese"},
         {"ar", "Arabic"},
         {"hi", "Hindi"}}};
    std::vector<VoiceInfo> voices;
    for (const auto& [name, language] : kLanguages)
        if (espeak->set_voice(name))
            voices.push_back({std::string("espeak/") + name, std::string(name).substr(0, 2),
                              std::string("espeak-ng, ") + language, true});
    return voices;
}

}  // namespace vultus::voices
