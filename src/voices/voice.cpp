#include "voices/voice.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "audio/resampler.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"
#include "media/audio_reader.h"
#include "voices/voice_kinds.h"

namespace vultus::voices {
namespace {

constexpr std::size_t kMostSamples = std::size_t{600} * kVoiceRateHz;  ///< of one passage
constexpr std::size_t kSilencePart = 2400;

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

}  // namespace

void hand_on(const std::vector<float>& samples, int rate_hz, const TakeSound& take) {
    if (rate_hz == kVoiceRateHz) {
        if (!samples.empty()) take(samples);
        return;
    }
    audio::Resampler resampler(rate_hz, kVoiceRateHz);
    std::vector<float> resampled;
    resampler.push(samples.data(), static_cast<std::int64_t>(samples.size()), resampled);
    resampler.finish(resampled);
    if (!resampled.empty()) take(resampled);
}

Spans at_voice_rate(Spans spans, int rate_hz, std::int64_t num_samples) {
    for (std::size_t i = 0; i < spans.size(); ++i) {
        const std::int64_t end = i + 1 < spans.size() ? spans[i + 1].begin_sample : num_samples;
        spans[i].begin_sample = spans[i].begin_sample * kVoiceRateHz / rate_hz;
        spans[i].end_sample = end * kVoiceRateHz / rate_hz;
    }
    return spans;
}

std::vector<float> read_sound(const std::filesystem::path& file, const std::string& who) {
    std::vector<float> sound;
    try {
        sound = media::read_audio(file, kMostSamples, kVoiceRateHz);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::kCancelled) throw;
        fail(ErrorCode::kIo, "[voices] {}: expected sound, got something else: {}", who, error.what());
    }
    if (sound.empty()) fail(ErrorCode::kIo, "[voices] {}: expected sound, got none", who);
    return sound;
}

std::vector<float> decode_sound(const std::string& bytes, const std::string& who) {
    static std::atomic<int> count{0};
    if (bytes.empty()) fail(ErrorCode::kIo, "[voices] {}: expected sound, got nothing", who);
    const ScratchFolder scratch("sound-" + std::to_string(++count));
    write_file(scratch / "sound", bytes);
    return read_sound(scratch / "sound", who);
}

std::vector<VoiceInfo> installed_voices() {
    std::vector<VoiceInfo> all = flite_voices();
    for (VoiceInfo& voice : espeak_voices()) all.push_back(std::move(voice));
    return all;
}

std::unique_ptr<Voice> open_voice(const std::string& name, const VoiceOptions& options) {
    if (!(options.limit_s > 0))
        fail(ErrorCode::kInvalidArgument, "[voices] time limit: expected more than 0 s, got {}",
             options.limit_s);
    if (starts_with(name, "cmd:")) return open_command(name.substr(4), options);
    if (starts_with(name, "http://") || starts_with(name, "https://")) return open_server(name, options);
    if (starts_with(name, "flite/")) return open_flite(name.substr(6), options);
    if (starts_with(name, "espeak/")) return open_espeak(name.substr(7), options);
    if (!name.empty())
        fail(ErrorCode::kInvalidArgument,
             "[voices] voice: expected flite/NAME, espeak/NAME, cmd:COMMAND or the URL of a server, got '{}' "
             "(vultus voices lists what is here)",
             name);
    const std::vector<VoiceInfo> all = installed_voices();
    if (all.empty())
        fail(
            ErrorCode::kUnsupported,
            "[voices] no voice is installed (Debian: apt-get install flite, or espeak-ng); --voice takes any "
            "command or server");
    return open_voice(all[0].name, options);
}

std::int64_t speak_passages(Voice& voice, const std::vector<Passage>& passages, const TakeSound& take,
                            const std::function<void(const Spoken&)>& spoken) {
    std::int64_t total = 0;
    const TakeSound count = [&](const std::vector<float>& samples) {
        throw_if_cancelled();
        total += static_cast<std::int64_t>(samples.size());
        take(samples);
    };
    for (const Passage& passage : passages) {
        throw_if_cancelled();
        const std::int64_t begin = total;
        Spans phones;
        if (passage.text.empty()) {
            auto left = static_cast<std::size_t>(passage.pause_ms) * kVoiceRateHz / 1000;
            for (; left > 0; left -= std::min(left, kSilencePart))
                count(std::vector<float>(std::min(left, kSilencePart), 0.0f));
        } else {
            phones = voice.speak(passage, count);
            if (total == begin) fail(ErrorCode::kIo, "[voices] '{}': the voice gave no sound", passage.text);
        }
        for (corpus::PhoneSpan& span : phones) {
            span.begin_sample += begin;
            span.end_sample += begin;
        }
        if (spoken) spoken({passage, begin, total - begin, std::move(phones)});
    }
    return total;
}

}  // namespace vultus::voices
